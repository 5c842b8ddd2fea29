//! What a remote `sh` is told on its standard input, and where in its outputs the answer is.
//!
//! Each script is one group in braces: a shell runs nothing of it before it has read the last line. Then it says that it
//! is ready, and waits to be told to go. So nothing has an effect that nobody waits for any more, however long a login
//! node was busy with other things in between; and what was not told to go has certainly had none.

use crate::command::quoted;
use std::time::Duration;

/// Around every answer, as a profile of the account may print something too, and a connection may be cut.
const MARK: &str = "-- pilotage --";
/// What a script is told when it has said that it is ready.
pub const GO: &[u8] = b"go\n";
/// How long a script waits for that.
pub const GO_MAX: Duration = Duration::from_secs(10);

/// A command to run there.
pub struct Remote<'a> {
    /// Its path or name.
    pub program: &'a str,
    /// Its arguments.
    pub arguments: &'a [String],
    /// Variables that it gets.
    pub environment: &'a [(String, String)],
    /// Patterns of variables that it must not see.
    pub withheld: &'a [&'a str],
    /// When it is killed.
    pub timeout: Duration,
}

/// Runs a command in a session of its own, so that it can be killed with all its children.
pub fn command(remote: &Remote<'_>) -> Vec<u8> {
    let words = std::iter::once(remote.program).chain(remote.arguments.iter().map(String::as_str));
    let command = words.map(quoted).collect::<Vec<_>>().join(" ");
    let limit_s = remote.timeout.as_secs_f64().ceil();
    let work = format!("setsid timeout -s KILL {limit_s} {command}");
    whole(&variables(remote), work.as_bytes())
}

/// Runs lines of shell, which do something with files and end at the first failure.
pub fn lines(body: &[u8]) -> Vec<u8> {
    whole("", &[b"(\nset -eu\numask 077\n", body, b"\n)"].concat())
}

/// Standard input stays open as long as somebody waits for the answer; its end kills the work, since what was given up
/// must not be done later.
fn whole(before: &str, work: &[u8]) -> Vec<u8> {
    let go_max_s = GO_MAX.as_secs();
    let begin = format!(
        r#"{{
printf '%s\n' '{MARK}' >&2
printf '%s\n' '{MARK}'
ready=$(date +%s)
read -r go && [ "$go" = go ] && [ $(($(date +%s) - ready)) -le {go_max_s} ] || exit 0
{before}exec 3<&0
"#
    );
    let end = format!(
        r#" </dev/null 3<&- &
work=$!
{{ read -r none <&3; kill -s KILL -- "-$work" || kill -s KILL "$work"; }} >/dev/null 2>&1 &
watch=$!
wait "$work"
code=$?
kill "$watch" 2>/dev/null
printf '\n%s %s\n' '{MARK}' "$code" >&2
exit 0
}}
"#
    );
    [begin.as_bytes(), work, end.as_bytes()].concat()
}

fn variables(remote: &Remote<'_>) -> String {
    let mut text = String::new();
    if !remote.withheld.is_empty() {
        let patterns = remote.withheld.join("|");
        text.push_str("for name in $(env | sed -n 's/^\\([A-Za-z_][A-Za-z0-9_]*\\)=.*/\\1/p'); do\n");
        text.push_str(&format!("case $name in {patterns}) unset \"$name\";; esac\ndone\n"));
    }
    // Answers are parsed: the same words and numbers whatever the account's language.
    text.push_str("export LC_ALL=C\n");
    for (name, value) in remote.environment {
        text.push_str(&format!("export {name}={}\n", quoted(value)));
    }
    text
}

/// What was said between the marks. The exit code is `None` when the end was not heard: then nobody knows what came of
/// it.
pub fn answer(out: &[u8], err: &[u8]) -> (Option<i32>, Vec<u8>, Vec<u8>) {
    let out = after_mark(out).to_vec();
    let mut err = after_mark(err).to_vec();
    let end = format!("\n{MARK} ");
    let Some(at) = find_last(&err, end.as_bytes()) else { return (None, out, err) };
    let code = std::str::from_utf8(&err[at + end.len()..]).ok().and_then(|code| code.trim().parse::<i32>().ok());
    err.truncate(at);
    (code, out, err)
}

/// A shell shows a death by a signal as 128 and its number; here it is as if the command had been ours.
pub fn exit_code(code: i32) -> i32 {
    if (129..=192).contains(&code) { -1 } else { code }
}

/// What was said after the mark; all of it when there is none.
pub fn after_mark(said: &[u8]) -> &[u8] {
    behind_mark(said).unwrap_or(said)
}

/// Whether the script has said on standard output that it is ready.
pub fn is_ready(out: &[u8]) -> bool {
    behind_mark(out).is_some()
}

fn behind_mark(said: &[u8]) -> Option<&[u8]> {
    let mark = format!("{MARK}\n");
    let at = said.windows(mark.len()).position(|window| window == mark.as_bytes())?;
    Some(&said[at + mark.len()..])
}

fn find_last(text: &[u8], word: &[u8]) -> Option<usize> {
    text.windows(word.len()).rposition(|window| window == word)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};
    use std::process::{Child, Command, Stdio};
    use std::time::Instant;

    fn remote<'a>(arguments: &'a [String]) -> Remote<'a> {
        Remote { program: "sh", arguments, environment: &[], withheld: &[], timeout: Duration::from_secs(60) }
    }

    fn shell(script: &[u8]) -> Child {
        let mut shell = Command::new("/bin/sh");
        shell.envs([("SBATCH_QOS", "low"), ("SBATCHES", "many")]);
        let mut child = shell.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.as_mut().unwrap().write_all(script).unwrap();
        child
    }

    fn wait_until_ready(child: &mut Child) {
        let (mut said, mut byte) = (Vec::new(), [0]);
        while !is_ready(&said) {
            child.stdout.as_mut().unwrap().read_exact(&mut byte).unwrap();
            said.extend(byte);
        }
    }

    fn heard(child: Child) -> (Option<i32>, String, String) {
        let output = child.wait_with_output().unwrap();
        let (code, out, err) = answer(&output.stdout, &output.stderr);
        (code, String::from_utf8(out).unwrap(), String::from_utf8(err).unwrap())
    }

    /// What a shell makes of a script that is told to go, its input open until it ends.
    fn run(script: &[u8]) -> (Option<i32>, String, String) {
        let mut child = shell(script);
        wait_until_ready(&mut child);
        let mut input = child.stdin.take().unwrap();
        input.write_all(GO).unwrap();
        let heard = heard(child);
        drop(input);
        heard
    }

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    #[test]
    fn a_command_gives_its_code_and_both_outputs() {
        let arguments = words(&["-c", "printf %s \"$1 $NAME $LC_ALL\"; printf no >&2; exit 3", "sh", "it's $HOME"]);
        let environment = [("NAME".to_owned(), "a 'b'".to_owned())];
        let told = run(&command(&Remote { environment: &environment, ..remote(&arguments) }));
        assert_eq!(told, (Some(3), "it's $HOME a 'b' C".to_owned(), "no".to_owned()));
    }

    #[test]
    fn what_nobody_waits_for_is_killed_with_its_children() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("pid");
        let arguments = words(&[
            "-c",
            "sleep 1000 & echo $! >\"$1.new\"; mv \"$1.new\" \"$1\"; wait",
            "sh",
            path.to_str().unwrap(),
        ]);
        let mut child = shell(&command(&remote(&arguments)));
        wait_until_ready(&mut child);
        child.stdin.as_mut().unwrap().write_all(GO).unwrap();
        let until = Instant::now() + Duration::from_secs(60);
        let wait_for = |holds: &dyn Fn() -> bool| {
            while !holds() {
                assert!(Instant::now() < until);
                std::thread::sleep(Duration::from_millis(10));
            }
        };
        wait_for(&|| path.exists());
        let pid = std::fs::read_to_string(&path).unwrap().trim().parse().unwrap();
        drop(child.stdin.take());
        wait_for(&|| !crate::local::process::is_alive(pid));
        child.wait().unwrap();
    }

    #[test]
    fn variables_that_are_options_are_withheld() {
        let arguments = words(&["-c", "echo ${SBATCH_QOS-none} ${SBATCHES-none}"]);
        let told = run(&command(&Remote { withheld: &["SQUEUE_*", "SBATCH_*"], ..remote(&arguments) }));
        assert_eq!(told.1, "none many\n");
    }

    #[test]
    fn nothing_has_an_effect_that_was_not_told_to_go() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("there");
        let arguments = words(&["-c", "echo >\"$1\"", "sh", path.to_str().unwrap()]);
        for script in [command(&remote(&arguments)), lines(format!("echo >'{}'", path.display()).as_bytes())] {
            for length in (0..script.len()).step_by(7).chain([script.len() - 2, script.len()]) {
                let (code, ..) = heard(shell(&script[..length]));
                assert!(code.is_none() && !path.exists(), "{length} of {}", script.len());
            }
            let too_late = String::from_utf8(script.clone()).unwrap().replace("-le 10 ", "-le -1 ");
            assert!(run(too_late.as_bytes()).0.is_none() && !path.exists());
            assert_eq!(run(&script).0, Some(0));
            std::fs::remove_file(&path).unwrap();
        }
    }

    #[test]
    fn what_a_profile_prints_is_no_answer() {
        let noisy = |text: &str| format!("Welcome!\n{MARK}\n{text}").into_bytes();
        let (code, out, err) = answer(&noisy("1\n"), &noisy(&format!("odd\n\n{MARK} 0\n")));
        assert_eq!((code, out.as_slice(), err.as_slice()), (Some(0), &b"1\n"[..], &b"odd\n"[..]));
        let (code, _, err) = answer(b"", b"Connection closed\n");
        assert_eq!((code, err.as_slice()), (None, &b"Connection closed\n"[..]));
    }

    #[test]
    fn the_first_failure_ends_lines() {
        let (code, out, _) = run(&lines(b"echo 1\nfalse\necho 2"));
        assert_eq!((code, out.as_str()), (Some(1), "1\n"));
    }
}
