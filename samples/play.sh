# Functions for scripts that play a story: they show each command as a user would
# type it and what it answers, shortened, and fail as soon as an exit code is
# not the one that it should be. Sourced, in a folder of the story's own.

bold='' dim='' plain=''
if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then
  bold=$'\e[1m' dim=$'\e[2m' plain=$'\e[0m'
fi

title() {
  printf '\n%s%s%s\n' "$bold" "$1" "$plain"
}

# play LINES CODE COMMAND shows a command line and the first lines of its
# answer, and expects an exit code.
play() {
  local lines=$1 want=$2 command=$3 got=0
  printf '\n%s$ %s%s\n' "$bold" "$command" "$plain"
  bash -o pipefail -c "$command" >answer 2>&1 || got=$?
  head -n "$lines" answer
  local all
  all=$(wc -l <answer)
  if [ "$all" -gt "$lines" ]; then
    printf '%s... and %d more lines%s\n' "$dim" $((all - lines)) "$plain"
  fi
  if [ "$got" -ne "$want" ]; then
    printf 'demo: exit code %d, expected %d; the whole answer:\n' "$got" "$want" >&2
    cat answer >&2
    exit 1
  fi
  if [ "$got" -ne 0 ]; then
    printf '%s(exit code %d)%s\n' "$dim" "$got" "$plain"
  fi
}

# wait_for waits until a file has something in it.
wait_for() {
  local tries=0
  until [ -s "$1" ]; do
    tries=$((tries + 1))
    if [ "$tries" -gt 200 ]; then
      printf 'demo: %s did not come\n' "$1" >&2
      exit 1
    fi
    sleep 0.1
  done
}
