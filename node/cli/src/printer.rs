//! The one place that prints.

use std::collections::BTreeSet;
use std::fmt::Display;
use std::io::{self, Write as _};
use std::pin::pin;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use clap::CommandFactory as _;
use clap_complete::Shell;
use serde::Serialize;
use tokio::time::{Instant, sleep_until};

use crate::exit::{ExitStatus, Failure};
use crate::flags::Flags;

/// For how long nothing is said to somebody who waits, at first and then.
const SILENCE: Duration = Duration::from_secs(1);
const LONGER_SILENCE: Duration = Duration::from_secs(10);

const UNBROKEN: &str = "nothing panics while it prints";

/// Prints data to stdout, as JSON if that was asked for, and words to stderr.
#[derive(Debug)]
pub(crate) struct Printer {
    json: bool,
    /// When words were said last.
    spoke: Mutex<Option<Instant>>,
    /// Each warning is said once, however often its reason is found.
    warned: Mutex<BTreeSet<String>>,
    /// Why not all data could be written, if so.
    unwritten: Mutex<Option<io::Error>>,
    /// Whether any data could not be written, for whatever reason.
    unread: AtomicBool,
}

impl Printer {
    pub(crate) const fn new(json: bool) -> Self {
        Self {
            json,
            spoke: Mutex::new(None),
            warned: Mutex::new(BTreeSet::new()),
            unwritten: Mutex::new(None),
            unread: AtomicBool::new(false),
        }
    }

    pub(crate) const fn is_json(&self) -> bool {
        self.json
    }

    /// The result of a command: for programs `value`, for people `text`.
    pub(crate) fn result(&self, value: &impl Serialize, text: impl Display) {
        if self.json {
            let json = serde_json::to_string_pretty(value).expect("results have text keys and no failing parts");
            self.out(&format_args!("{json}\n"));
        } else {
            self.out(&format_args!("{text}\n"));
        }
    }

    /// A file for another program, which is JSON whether or not that was asked for.
    pub(crate) fn file(&self, value: &impl Serialize) {
        let json = serde_json::to_string_pretty(value).expect("files have text keys and no failing parts");
        self.out(&format_args!("{json}\n"));
    }

    /// One line of JSON about something that happened, for whoever reads along.
    pub(crate) fn event(&self, value: &impl Serialize) {
        if self.json {
            let json = serde_json::to_string(value).expect("events have text keys and no failing parts");
            self.out(&format_args!("{json}\n"));
        }
    }

    /// What goes on, for whoever waits.
    #[expect(clippy::print_stderr, reason = "this is the one place that prints")]
    pub(crate) fn say(&self, words: impl Display) {
        eprintln!("{}", one_line(&words));
        *self.spoke.lock().expect(UNBROKEN) = Some(Instant::now());
    }

    /// Does what may take a while, and says what it waits for whenever nothing was said for some time.
    pub(crate) async fn meanwhile<T>(&self, waits_for: impl Display, work: impl Future<Output = T>) -> T {
        let (mut work, begun) = (pin!(work), Instant::now());
        let quiet_since = || self.spoke.lock().expect(UNBROKEN).map_or(begun, |spoke| spoke.max(begun));
        let mut silence = SILENCE;
        loop {
            tokio::select! {
                done = &mut work => return done,
                () = sleep_until(quiet_since() + silence) => {}
            }
            if quiet_since() + silence <= Instant::now() {
                self.say(format_args!("waiting: {waits_for}"));
                silence = LONGER_SILENCE;
            }
        }
    }

    #[expect(clippy::print_stderr, reason = "this is the one place that prints")]
    pub(crate) fn warn(&self, words: impl Display) {
        let words = one_line(&words);
        if self.warned.lock().expect(UNBROKEN).insert(words.clone()) {
            eprintln!("warning: {words}");
        }
    }

    #[expect(clippy::print_stderr, reason = "this is the one place that prints")]
    pub(crate) fn failure(&self, failure: &Failure) {
        eprintln!("error: {}", one_line(&failure.text));
        if let Some(hint) = &failure.hint {
            eprintln!("hint: {}", one_line(hint));
        }
    }

    /// Writes to stdout.
    fn out(&self, text: &impl Display) {
        let mut stdout = io::stdout().lock();
        if let Err(error) = write!(stdout, "{text}").and_then(|()| stdout.flush()) {
            self.unread.store(true, Ordering::Relaxed);
            // Whoever reads it may have had enough, as `head` has.
            if error.kind() != io::ErrorKind::BrokenPipe {
                self.unwritten.lock().expect(UNBROKEN).get_or_insert(error);
            }
        }
    }

    /// Whether somebody may know what was printed: none of it was refused, also by a reader who had enough or is gone.
    pub(crate) fn was_read(&self) -> bool {
        !self.unread.load(Ordering::Relaxed)
    }

    /// Fails if data is missing from stdout: half a result must not pass for one.
    pub(crate) fn finish(&self) -> Result<(), Failure> {
        match self.unwritten.lock().expect(UNBROKEN).take() {
            Some(error) => {
                Err(Failure::new(ExitStatus::Failed, format_args!("the result could not be written: {error}")))
            }
            None => Ok(()),
        }
    }

    pub(crate) fn completions(&self, shell: Shell) {
        let mut script = Vec::new();
        clap_complete::generate(shell, &mut Flags::command(), "williw", &mut script);
        self.out(&String::from_utf8_lossy(&script));
    }
}

/// The words in one line: names of files and answers of endpoints are other people's, and may not move the cursor or begin
/// a line that looks like ours.
fn one_line(words: &impl Display) -> String {
    let shown = |letter: char| if letter.is_control() { char::REPLACEMENT_CHARACTER } else { letter };
    words.to_string().chars().map(shown).collect()
}

/// Columns under headings, as wide as they have to be.
pub(crate) fn table(headings: &[&str], rows: &[Vec<String>]) -> String {
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
        cells.chain([headings[column].len()]).max().unwrap_or_default()
    };
    let widths: Vec<usize> = (0..headings.len()).map(width).collect();
    let line = |cells: &mut dyn Iterator<Item = &str>| {
        let padded: Vec<String> = cells.zip(&widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        padded.join("  ").trim_end().to_owned()
    };
    let head = line(&mut headings.iter().copied());
    let body = rows.iter().map(|row| line(&mut row.iter().map(String::as_str)));
    std::iter::once(head).chain(body).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::{one_line, table};

    #[test]
    fn words_of_others_stay_in_their_line() {
        assert_eq!(one_line(&"a\nerror: b\u{1b}[2J\r\u{e4}"), "a\u{fffd}error: b\u{fffd}[2J\u{fffd}\u{e4}");
    }

    #[test]
    fn columns_stand_under_their_headings() {
        let rows = [vec!["a".to_owned(), "long cell".to_owned()], vec!["also long".to_owned(), String::new()]];
        assert_eq!(table(&["one", "two"], &rows), "one        two\na          long cell\nalso long");
    }
}
