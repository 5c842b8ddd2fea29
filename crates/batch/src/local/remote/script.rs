//! Lines of shell that start pilots, look at them and remove them; the files are those of [`Folder`](super::Folder).

use super::{Life, Shown};
use crate::SubmitRequest;
use crate::command::quoted;
use crate::local::folder::{START_MAX, SUPERVISOR};
use crate::local::process::Identity;
use model::PilotId;
use std::path::Path;
use std::time::Duration;

/// `look DIR` sets `pid` and `state`: `none` before the supervisor has written down who it is, `alive`, `gone`, or
/// `rebooted` when the machine was started again since. As here, a process is known by its pid and its start time, and
/// what is left of its group after it by a variable.
const LOOK: &str = r#"read -r boot </proc/sys/kernel/random/boot_id
now=$(date +%s)
start() {
  set -- ${1##*) }
  case $1 in Z|X) ;; *) echo "${20}";; esac
}
group() {
  set -- ${1##*) }
  case $1 in Z|X) ;; *) echo "$3";; esac
}
look() {
  state=none pid=
  { read -r was && read -r line; } 2>/dev/null <"$1/process" || return 0
  pid=${line%% *} state=gone
  [ "$was" = "$boot" ] || { state=rebooted; return 0; }
  seen=$(cat "/proc/$pid/stat" 2>/dev/null || :)
  [ -z "$seen" ] || [ "$(start "$seen")" != "$(start "$line")" ] || { state=alive; return 0; }
  [ ! -s "$1/exit" ] || return 0
  for file in $(grep -lszxF -- "PILOTAGE_SECRET_FILE=$1/secret.json" /proc/[0-9]*/environ || :); do
    seen=$(cat "${file%environ}stat" 2>/dev/null || :)
    [ -z "$seen" ] || [ "$(group "$seen")" != "$pid" ] || state=alive
  done
}
age() {
  [ ! -e "$1" ] || echo $((now - $(stat -c %Y -- "$1")))
}
"#;

/// Prints `PILOT|STATE|PID|EXIT|AGE|REMOVED` for each pilot, with ages in seconds, and kills those that were told to go
/// longer ago than the grace.
pub fn look(there: &Path, grace_s: f64) -> String {
    let (there, grace_s) = (quoted(&there.display().to_string()), grace_s.ceil());
    format!(
        r#"{LOOK}for dir in {there}/*; do
  pilot=${{dir##*/}}
  case $pilot in *[!0-9]*) continue;; esac
  [ -f "$dir/secret.json" ] || continue
  look "$dir"
  code=$(cat "$dir/exit" 2>/dev/null || :)
  removed=$(age "$dir/removed")
  echo "$pilot|$state|$pid|$code|$(age "$dir/secret.json")|$removed"
  [ "$state" != alive ] || [ "${{removed:-0}}" -le {grace_s} ] || kill -s KILL -- "-$pid" || :
done
"#
    )
}

/// Starts these pilots, whose directories are there; prints the pid of each.
pub fn start(there: &Path, request: &SubmitRequest, pilots: &[PilotId]) -> String {
    let mut text: String =
        request.environment.iter().map(|(name, value)| format!("export {name}={}\n", quoted(value))).collect();
    let arguments: String = request.arguments.iter().map(|argument| format!(" {}", quoted(argument))).collect();
    let supervisor = quoted(SUPERVISOR);
    text.push_str(&format!(
        "start() {{\n  cd -- \"$1\"\n  PILOTAGE_SECRET_FILE=$1/secret.json setsid /bin/sh -c {supervisor} \
         pilotage-pilot{arguments} </dev/null >>out 2>>err &\n  echo \"$2 $!\"\n}}\n"
    ));
    for pilot in pilots {
        let dir = there.join(pilot.to_string()).display().to_string();
        text.push_str(&format!("start {} {pilot}\n", quoted(&dir)));
    }
    text
}

/// Tells these pilots to go, once each.
pub fn remove(there: &Path, pilots: &[PilotId]) -> String {
    let mut text = format!(
        "{LOOK}remove() {{\n  [ -d \"$1\" ] && [ ! -e \"$1/removed\" ] || return 0\n  : >\"$1/removed\"\n  look \"$1\"\n  \
         [ \"$state\" != alive ] || kill -s TERM -- \"-$pid\" || :\n}}\n"
    );
    for pilot in pilots {
        text.push_str(&format!("remove {}\n", quoted(&there.join(pilot.to_string()).display().to_string())));
    }
    text
}

/// Reads a line of [`look`].
pub fn parse(line: &str) -> Option<(PilotId, Shown, Life)> {
    let fields: Vec<&str> = line.split('|').collect();
    let [pilot, state, pid, code, age, removed] = fields[..] else { return None };
    let age = Duration::from_secs(age.parse::<i64>().ok()?.max(0) as u64);
    let code: Option<i32> = if code.is_empty() { None } else { Some(code.trim().parse().ok()?) };
    let life = match (state, code) {
        ("none", _) if age < START_MAX => Life::Starting,
        ("none", _) => Life::NeverStarted,
        ("alive", _) => Life::Running(Identity { pid: pid.parse().ok()?, start: 0, boot: String::new() }),
        ("gone" | "rebooted", Some(code)) => Life::Ended(code),
        ("gone" | "rebooted", None) => Life::Vanished,
        _ => return None,
    };
    let shown = Shown { batch_id: pid.to_owned(), removed: !removed.is_empty(), rebooted: state == "rebooted" };
    Some((PilotId(pilot.parse().ok()?), shown, life))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read() {
        let life = |line| parse(line).map(|(_, _, life)| life);
        assert_eq!(life("7|none|||3|"), Some(Life::Starting));
        assert_eq!(life("7|none|||300|"), Some(Life::NeverStarted));
        assert_eq!(life("7|gone|12|73|300|"), Some(Life::Ended(73)));
        assert_eq!(life("7|gone|12||300|5"), Some(Life::Vanished));
        assert!(matches!(life("7|alive|12||300|"), Some(Life::Running(one)) if one.pid == 12));
        let (pilot, shown, _) = parse("7|rebooted|12||300|5").unwrap();
        assert_eq!((pilot, shown.removed, shown.rebooted, shown.batch_id.as_str()), (PilotId(7), true, true, "12"));
        for odd in ["", "7|alive|||3|", "7|odd|1||3|", "x|none|||3|", "7|gone|1|x|3|", "7|none|||x|"] {
            assert_eq!(life(odd), None, "{odd}");
        }
    }
}
