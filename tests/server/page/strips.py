"""What is drawn in the strips of a page, and where its state is told."""

from __future__ import annotations

from server.page.chromium import BrowserPage

STATE, NEWS = "#workers > header [data-word]", "[data-news]"
_COLOURED = """(() => {
  const canvas = [...document.querySelectorAll('canvas')].at(-1);
  const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext('2d', { willReadFrequently: true });
  copy.drawImage(canvas, 0, 0);
  const pixels = copy.getImageData(0, 0, canvas.width, canvas.height).data;
  const style = getComputedStyle(document.documentElement), found = { user: 0, system: 0, wait: 0 };
  for (const name in found) {
    const colour = style.getPropertyValue('--' + name).trim();
    const [r, g, b] = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));
    for (let i = 0; i < pixels.length; i += 4)
      found[name] += pixels[i] === r && pixels[i + 1] === g && pixels[i + 2] === b && pixels[i + 3] === 255;
  }
  return found;
})()"""


def drawn(page: BrowserPage) -> dict[str, int]:
    """Return how many pixels of the last strip have the colour of user, system and wait."""
    return dict(page.run(_COLOURED))
