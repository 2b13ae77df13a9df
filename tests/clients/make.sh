#!/bin/sh
# Make one real client's own environment, so that clients which exclude each other can stand side by side.
#
#   make.sh CLIENT [FOLDER]
#
# CLIENT is a first word of pins.txt. The environment becomes FOLDER/CLIENT: a virtual environment for pip, a folder
# with node_modules for npm. FOLDER is $XDG_CACHE_HOME/llmproc-clients if it is not given; never a folder of the
# checkout. What is there already, made from the same pins, is left as it is. The last line printed is the
# environment's folder. Packages come from PyPI and npm.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
fail() {
    echo "make.sh: $1" >&2
    exit 2
}

[ $# -ge 1 ] && [ $# -le 2 ] || fail "usage: make.sh CLIENT [FOLDER]; clients: $(sed -n 's/^\([a-z][^ ]*\) .*/\1/p' "$here/pins.txt" | tr '\n' ' ')"
pins=$(awk -v client="$1" '$1 == client && !/^#/' "$here/pins.txt")
[ -n "$pins" ] || fail "CLIENT $1: must be a first word of $here/pins.txt"
folder=$(realpath -m "${2:-${XDG_CACHE_HOME:-$HOME/.cache}/llmproc-clients}")
case $folder/ in
"$(cd "$here/../.." && pwd)"/*) fail "FOLDER $folder: must lie outside the checkout" ;;
esac
mkdir -p "$folder"
place=$folder/$1

exec 9>"$folder/.$1.lock"
flock 9 # two test processes that need the same client
if [ "$(cat "$place/pins" 2>/dev/null)" = "$pins" ]; then
    echo "$place"
    exit
fi

rm -rf "$place"
set -- $pins # split at blanks: name, installer, packages
shift
installer=$1
shift
case $installer in
pip)
    ${PYTHON:-python3} -m venv "$place"
    "$place/bin/python" -m pip install --quiet --disable-pip-version-check "$@" >&2
    ;;
npm)
    mkdir -p "$place"
    echo '{"private": true, "type": "module"}' >"$place/package.json"
    (cd "$place" && npm install --silent --no-audit --no-fund --save-exact "$@") >&2
    ;;
*) fail "pins.txt: installer $installer: must be pip or npm" ;;
esac
echo "$pins" >"$place/pins" # last: an environment without it is made again
echo "$place"
