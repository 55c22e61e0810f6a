//! The other implementation, as a process that is asked all lines and answers in their order.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

/// The longest answer that is read.
const MAX_ANSWER: u64 = 64 << 20;
/// How many answers may wait to be looked at.
const WAITING: usize = 64;

pub(super) struct Peer {
    child: Child,
    answers: Receiver<Result<Vec<u8>, String>>,
    /// Why there are no more answers.
    ended: Option<String>,
}

impl Peer {
    /// Asks all lines as fast as they are taken: a peer may read many before it answers.
    pub(super) fn start(command: &str, lines: Vec<String>) -> Result<Self, String> {
        let failed = |error: std::io::Error| format!("--against {command}: {error}");
        let mut shell = Command::new("sh");
        // A group of its own, so that what the shell has started ends with it.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut shell, 0);
        let mut child = shell
            .args(["-c", command])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(failed)?;
        let (Some(mut input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(format!("--against {command}: has no pipes"));
        };
        thread::spawn(move || {
            for line in lines {
                // What a peer does not read, it does not answer.
                if input.write_all((line + "\n").as_bytes()).is_err() {
                    return;
                }
            }
        });
        let (sender, answers) = sync_channel(WAITING);
        thread::spawn(move || {
            let mut output = BufReader::new(output);
            while let Some(line) = read_line(&mut output).transpose() {
                let is_last = line.is_err();
                if sender.send(line).is_err() || is_last {
                    return;
                }
            }
        });
        Ok(Self { child, answers, ended: None })
    }

    /// The next answer, or why there is none.
    pub(super) fn answer(&mut self, timeout: Duration) -> Result<Value, String> {
        if let Some(why) = &self.ended {
            return Err(why.clone());
        }
        let line = match self.answers.recv_timeout(timeout) {
            Ok(Ok(line)) => line,
            Ok(Err(error)) => return Err(self.end_with(error)),
            Err(RecvTimeoutError::Timeout) => {
                let why = format!("no answer within {} s", timeout.as_secs());
                return Err(self.end_with(why));
            }
            Err(RecvTimeoutError::Disconnected) => {
                return Err(self.end_with("no answer: it has ended".to_owned()));
            }
        };
        serde_json::from_slice(&line).map_err(|error| format!("not JSON: {error}"))
    }

    /// Whether it has ended, or is not waited for any more.
    pub(super) fn has_ended(&self) -> bool {
        self.ended.is_some()
    }

    fn end_with(&mut self, why: String) -> String {
        self.ended = Some(why.clone());
        why
    }

    /// Its input is closed by now. It has a moment to end by itself.
    pub(super) fn end(mut self) {
        const MOMENT: Duration = Duration::from_secs(2);
        let begun = Instant::now();
        while self.ended.is_none() && begun.elapsed() < MOMENT {
            if matches!(self.child.try_wait(), Ok(Some(_))) {
                return;
            }
            thread::sleep(Duration::from_millis(5));
        }
        // It may have ended by itself all the same.
        #[cfg(unix)]
        let _ = Command::new("sh")
            .args(["-c", &format!("kill -s KILL -- -{}", self.child.id())])
            .stderr(Stdio::null())
            .status();
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn read_line(output: &mut impl BufRead) -> Result<Option<Vec<u8>>, String> {
    let mut line = Vec::new();
    let read = output.by_ref().take(MAX_ANSWER + 1).read_until(b'\n', &mut line);
    match read {
        Ok(0) => Ok(None),
        Ok(length) if length as u64 > MAX_ANSWER => {
            Err(format!("an answer of more than {MAX_ANSWER} bytes"))
        }
        Ok(_) => Ok(Some(line)),
        Err(error) => Err(format!("no answer: {error}")),
    }
}
