# Sourced: waiting for an event, with a limit.
within() { # within SECONDS WORDS…: asks again until they succeed; 1 when the time is over
  local deadline=$((SECONDS + $1))
  shift
  until "$@"; do
    ((SECONDS < deadline)) || return 1
    sleep 0.05
  done
}
