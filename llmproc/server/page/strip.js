// CPU time of one worker over the last minute: user, system and wait on top of each other.

import uPlot from "./vendor/uPlot.esm.js";

const HEIGHT = 80; // pixels
const SECONDS = 60;

/** A strip in `place`. `label`: what it shows, for those who cannot see it. */
export class Strip {
  #place;
  #plot;
  #top = 100; // percent: the number of threads, or more where they waited besides

  constructor(place) {
    this.#place = place;
    this.#plot = new uPlot(this.#options(), [[], [], [], []], place);
    new ResizeObserver(() => this.#fit()).observe(place);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#plot.redraw());
  }

  /** Draw a History up to its last moment. `threads`: of the worker. */
  draw(history, threads) {
    const data = history.stacked();
    const most = Math.max(100 * threads, ...data[1].map((value) => value ?? 0));
    this.#top = Math.ceil(most / 100 - 0.1) * 100; // counters are cut to ticks: a little more than all is all
    this.#plot.setData(data);
  }

  #options() {
    const area = (name) => ({
      stroke: () => colour(name),
      fill: () => colour(name),
      width: 0,
      points: { show: false },
      paths: uPlot.paths.stepped({ align: -1 }), // a rate holds for the time before its moment
    });
    return {
      width: this.#width(),
      height: HEIGHT,
      padding: [6, 0, 8, 0],
      legend: { show: false },
      cursor: { show: false },
      scales: {
        x: { time: false, range: (plot, least, most) => [(most ?? SECONDS) - SECONDS, most ?? SECONDS] },
        y: { range: () => [0, this.#top] },
      },
      series: [{}, area("--wait"), area("--system"), area("--user")],
      axes: [
        { show: false },
        {
          size: 46,
          stroke: () => colour("--quiet"),
          font: "11px system-ui, sans-serif",
          grid: { stroke: () => colour("--line"), width: 1 },
          ticks: { show: false },
          splits: () => [0, this.#top / 2, this.#top],
          values: (plot, splits) => splits.map((value) => `${value} %`),
        },
      ],
    };
  }

  #width() {
    return Math.max(120, this.#place.clientWidth);
  }

  #fit() {
    if (this.#width() !== this.#plot.width) this.#plot.setSize({ width: this.#width(), height: HEIGHT });
  }
}

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}
