//! Keys taken out of the file one by one, so that each error names its key and whatever is left over is unknown.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use toml::{Table, Value};

use super::SettingsError;

/// The largest file that is read, in bytes.
const FILE_CAP: u64 = 64 * 1024;

/// The longest unknown name that is repeated, in bytes.
const NAME_CAP: usize = 24;

/// In front of every variable that overrides a key.
const PREFIX: &str = "WILLIW_";

/// The sections that there are.
const SECTIONS: [&str; 5] = ["base", "gossip", "http", "network", "solana"];

pub(super) struct Keys {
    path: PathBuf,
    sections: BTreeMap<String, Table>,
    /// Which variable a value came from, and its text.
    overridden: BTreeMap<(String, String), (String, String)>,
    /// What was asked for, to say it to whoever misspelt something.
    known: BTreeMap<&'static str, Vec<&'static str>>,
}

impl Keys {
    pub(super) fn parse(path: &Path, text: &str) -> Result<Self, SettingsError> {
        let table: Table = text.parse().map_err(|error: toml::de::Error| syntax(path, text, &error))?;
        let mut sections = BTreeMap::new();
        for (name, value) in table {
            let place = format!("{}: [{}]", path.display(), plain(&name));
            if !SECTIONS.contains(&name.as_str()) {
                return Err(SettingsError::Unknown { place, known: format!("sections are {}", SECTIONS.join(", ")) });
            }
            let Value::Table(section) = value else {
                return Err(SettingsError::Value { place, expected: "a section with keys of its own".to_owned() });
            };
            sections.insert(name, section);
        }
        Ok(Self { path: path.to_owned(), sections, overridden: BTreeMap::new(), known: BTreeMap::new() })
    }

    /// Lays `WILLIW_<SECTION>_<KEY>` over what the file says. Variables without a key, as `WILLIW_HOME`, are somebody else's.
    pub(super) fn override_from(
        &mut self,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<(), SettingsError> {
        for (variable, text) in environment {
            let Some(name) = variable.strip_prefix(PREFIX) else { continue };
            let Some((section, key)) = name.split_once('_') else { continue };
            let (section, key) = (section.to_lowercase(), key.to_lowercase());
            if !SECTIONS.contains(&section.as_str()) {
                let known = format!("sections are {}", SECTIONS.join(", "));
                return Err(SettingsError::Unknown { place: format!("environment variable {variable}"), known });
            }
            let parsed = format!("value = {text}").parse::<Table>().ok();
            let value = parsed.and_then(|mut table| if table.len() == 1 { table.remove("value") } else { None });
            let value = value.unwrap_or_else(|| Value::String(text.clone()));
            self.sections.entry(section.clone()).or_default().insert(key.clone(), value);
            self.overridden.insert((section, key), (variable, text));
        }
        Ok(())
    }

    /// Whether anything is said of a section.
    pub(super) fn has(&self, section: &str) -> bool {
        self.sections.contains_key(section)
    }

    pub(super) fn number(
        &mut self,
        section: &'static str,
        key: &'static str,
        expected: &'static str,
        (least, most): (u64, u64),
        default: Option<u64>,
    ) -> Result<u64, SettingsError> {
        let number = match (self.take(section, key), default) {
            (None, Some(default)) => return Ok(default),
            (None, None) => return Err(self.absent(section, key, expected)),
            (Some(Value::Integer(number)), _) => u64::try_from(number).ok(),
            (Some(_), _) => None,
        };
        let range = || match most {
            u64::MAX => format!("{expected}, at least {least}"),
            most => format!("{expected} from {least} to {most}"),
        };
        number.filter(|number| (least..=most).contains(number)).ok_or_else(|| self.value(section, key, &range()))
    }

    /// A text that `read` makes something of; its error says what it expected.
    pub(super) fn text<T>(
        &mut self,
        section: &'static str,
        key: &'static str,
        expected: &'static str,
        read: impl FnOnce(&str) -> Result<T, String>,
    ) -> Result<T, SettingsError> {
        match self.take_text(section, key) {
            None => Err(self.absent(section, key, expected)),
            Some(Value::String(text)) => read(&text).map_err(|fault| self.value(section, key, &fault)),
            Some(_) => Err(self.value(section, key, expected)),
        }
    }

    pub(super) fn socket(
        &mut self,
        section: &'static str,
        key: &'static str,
        default: &'static str,
    ) -> Result<SocketAddr, SettingsError> {
        let text = match self.take_text(section, key) {
            None => default.to_owned(),
            Some(Value::String(text)) => text,
            Some(_) => String::new(),
        };
        text.parse().map_err(|_| self.value(section, key, &format!("`<ip>:<port>` in quotes, such as {default}")))
    }

    /// A list of texts; none is an empty one.
    pub(super) fn list<T>(
        &mut self,
        section: &'static str,
        key: &'static str,
        cap: usize,
        expected: &'static str,
        read: impl Fn(&str) -> Option<T>,
    ) -> Result<Vec<T>, SettingsError> {
        let values = match self.take(section, key) {
            None => return Ok(Vec::new()),
            Some(Value::Array(values)) => values,
            Some(_) => return Err(self.value(section, key, &format!("a list of {expected}"))),
        };
        if values.len() > cap {
            return Err(self.value(section, key, &format!("at most {cap} of {expected}, not {}", values.len())));
        }
        let entry = |(nth, value): (usize, &Value)| {
            let read = value.as_str().and_then(&read);
            read.ok_or_else(|| self.value(section, key, &format!("{expected} as entry {}", nth + 1)))
        };
        values.iter().enumerate().map(entry).collect()
    }

    /// Refuses whatever was not asked for.
    pub(super) fn finish(self) -> Result<(), SettingsError> {
        for (section, table) in &self.sections {
            if let Some(key) = table.keys().next() {
                let keys = self.known.get(section.as_str()).map(|keys| keys.join(", ")).unwrap_or_default();
                let known = format!("keys of [{section}] are {keys}");
                return Err(SettingsError::Unknown { place: self.place(section, key), known });
            }
        }
        Ok(())
    }

    pub(super) fn absent(&self, section: &str, key: &str, expected: &'static str) -> SettingsError {
        SettingsError::Absent { place: self.place(section, key), expected }
    }

    pub(super) fn value(&self, section: &str, key: &str, expected: &str) -> SettingsError {
        SettingsError::Value { place: self.place(section, key), expected: expected.to_owned() }
    }

    fn take(&mut self, section: &'static str, key: &'static str) -> Option<Value> {
        self.known.entry(section).or_default().push(key);
        self.sections.get_mut(section)?.remove(key)
    }

    /// A variable's text needs no quotes, not even where TOML would take it for a number, as it does with an address.
    fn take_text(&mut self, section: &'static str, key: &'static str) -> Option<Value> {
        let value = self.take(section, key)?;
        let variable = self.overridden.get(&(section.to_owned(), key.to_owned()));
        Some(match (value, variable) {
            (Value::String(text), _) => Value::String(text),
            (_, Some((_, text))) => Value::String(text.clone()),
            (value, None) => value,
        })
    }

    /// Where a value stands: the variable, if it came from one.
    fn place(&self, section: &str, key: &str) -> String {
        match self.overridden.get(&(section.to_owned(), key.to_owned())) {
            Some((variable, _)) => format!("environment variable {variable}"),
            None => format!("{}: [{section}] {}", self.path.display(), plain(key)),
        }
    }
}

/// The name of a key or section as it may be repeated. Ours are words; what is none may be a piece of an address.
fn plain(name: &str) -> &str {
    let is_word = name.len() <= NAME_CAP && name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'_'));
    if is_word { name } else { "(a name that is not shown)" }
}

/// The text of a settings file.
pub(super) fn file(path: &Path) -> Result<String, SettingsError> {
    let unreadable = |source| SettingsError::Unreadable { path: path.to_owned(), source };
    let file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(SettingsError::Missing { path: path.to_owned() });
        }
        opened => opened.map_err(unreadable)?,
    };
    let mut text = String::new();
    file.take(FILE_CAP + 1).read_to_string(&mut text).map_err(unreadable)?;
    if text.len() as u64 > FILE_CAP {
        return Err(SettingsError::TooLong { path: path.to_owned(), cap: FILE_CAP });
    }
    Ok(text)
}

/// Where the text stops being TOML. What the parser says of it may quote the text, so only keys it names are repeated.
fn syntax(path: &Path, text: &str, error: &toml::de::Error) -> SettingsError {
    let at = error.span().map_or(0, |span| span.start).min(text.len());
    let before = text.get(..at).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    let what =
        if error.message().starts_with("duplicate key") { "this key stands here twice" } else { "this is no TOML" };
    SettingsError::Syntax { path: path.to_owned(), line, column, what: what.to_owned() }
}
