//! What came of all verbs of all traces, and whether that is everything that there is.

use std::collections::{BTreeMap, BTreeSet};

use super::verb::{Answer, VERBS, Verb};

/// How often each verb succeeded and was refused, and for which reasons.
#[derive(Debug, Default)]
pub struct Histogram {
    done: BTreeMap<String, u64>,
    refused: BTreeMap<String, u64>,
    on_chain: BTreeSet<String>,
    in_model: BTreeMap<String, u64>,
}

/// Everything that a side can refuse, and what of it no verb of a trace can be refused with, each with the reason.
#[derive(Debug)]
pub struct Refusals<'a> {
    pub all: Vec<String>,
    pub elsewhere: &'a [(&'a str, &'a str)],
}

impl Histogram {
    pub(super) fn count(&mut self, verb: &Verb, answer: &Answer) {
        let column = match answer {
            Answer::Done { .. } => &mut self.done,
            Answer::Refused(name) => {
                self.refuse(name);
                &mut self.refused
            }
        };
        *column.entry(verb.name()).or_default() += 1;
    }

    /// Something was refused on the chain, by a name with its numbers.
    pub(super) fn refuse(&mut self, name: &str) {
        self.on_chain.insert(name.split('(').next().unwrap_or_default().to_owned());
    }

    /// So often it was refused in the model.
    pub(super) fn refuse_in_model(&mut self, name: String, count: u64) {
        *self.in_model.entry(name).or_default() += count;
    }

    /// Most verbs did something, each of them did, and everything that can be refused was.
    pub fn check(&self, in_model: &Refusals<'_>, on_chain: &Refusals<'_>) -> Result<(), String> {
        let [done, refused] = [&self.done, &self.refused].map(|column| column.values().sum::<u64>());
        if done * 10 < (done + refused) * 6 {
            return Err(format!("only {done} of {} verbs were not refused", done + refused));
        }
        if self.done.len() != VERBS {
            return Err(format!("these alone were ever done: {:?}", self.done.keys()));
        }
        in_model.compare("in the model", &self.in_model.keys().cloned().collect())?;
        on_chain.compare("on the chain", &self.on_chain)
    }

    pub fn merge(&mut self, other: Self) {
        let columns =
            [(&mut self.done, other.done), (&mut self.refused, other.refused), (&mut self.in_model, other.in_model)];
        for (mine, theirs) in columns {
            theirs.into_iter().for_each(|(name, count)| *mine.entry(name).or_default() += count);
        }
        self.on_chain.extend(other.on_chain);
    }
}

impl Refusals<'_> {
    /// Exactly what can be refused was: nothing is listed as impossible that happened.
    fn compare(&self, side: &str, reached: &BTreeSet<String>) -> Result<(), String> {
        let is_elsewhere = |name: &str| self.elsewhere.iter().any(|(impossible, _)| *impossible == name);
        let missing: Vec<&String> =
            self.all.iter().filter(|name| !is_elsewhere(name) && !reached.contains(*name)).collect();
        if !missing.is_empty() {
            return Err(format!("no trace was refused {side} by {missing:?}"));
        }
        let wrong: Vec<_> = self.elsewhere.iter().filter(|(name, _)| reached.contains(*name)).collect();
        if !wrong.is_empty() {
            return Err(format!("{side} this is possible after all: {wrong:?}"));
        }
        match self.elsewhere.iter().find(|(name, _)| !self.all.iter().any(|it| it == name)) {
            Some((name, _)) => Err(format!("{name} is listed as impossible {side}, where nothing has that name")),
            None => Ok(()),
        }
    }
}
