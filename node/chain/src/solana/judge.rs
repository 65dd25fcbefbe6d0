//! Whether a sheet bears a history out, and if not, what its endpoint did.

use std::collections::BTreeMap;

use williw_core::cycle::Height;
use williw_core::identity::Account;
use williw_core::journal::Head;

use super::fold::History;
use super::sheet::Sheet;
use crate::fault::EndpointFault;

/// What a history makes of a sheet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It shows what the facts say.
    Supports,
    /// It is of a slot beyond the history, and shows more.
    Beyond,
    /// It is of a slot before what the ledger has.
    Before,
    Fault(EndpointFault),
}

/// Judges a sheet by a history that is believed.
pub(crate) fn judge(history: &History, last: Height, sheet: &Sheet) -> Verdict {
    // What the ledger has is attested, and what lies before its last fact is not known here any more.
    if sheet.slot < last {
        return Verdict::Before;
    }
    let at = sheet.slot;
    let expected: BTreeMap<Account, Head> = history.heads_at(at).collect();
    let shown = |journal: &Account| sheet.ends.get(journal).map(|end| end.head);
    let missing = expected.keys().any(|journal| shown(journal).is_none());
    let other: Vec<(Account, Head)> = sheet
        .ends
        .iter()
        .map(|(journal, end)| (*journal, end.head))
        .filter(|(journal, head)| expected.get(journal) != Some(head))
        .collect();
    if other.is_empty() && !missing && sheet.count == history.operators_at(at) {
        return Verdict::Supports;
    }
    let grows = |(journal, head): &(Account, Head)| history.seq(*journal).is_none_or(|seq| head.seq > seq);
    if at > history.through && !missing && other.iter().all(grows) {
        return Verdict::Beyond;
    }
    Verdict::Fault(fault(history, sheet, &expected))
}

/// What is wrong with a sheet that the facts contradict.
fn fault(history: &History, sheet: &Sheet, expected: &BTreeMap<Account, Head>) -> EndpointFault {
    let at = sheet.slot;
    // From when, and until when, all of it could be so.
    let (mut since, mut until) = (Height(0), None::<Height>);
    for (journal, end) in &sheet.ends {
        let Some((from, to)) = history.span(*journal, end.head) else {
            let invents = history.seq(*journal).is_none_or(|seq| end.head.seq > seq);
            return if invents {
                EndpointFault::InventsFacts { seq: end.head.seq, height: at }
            } else {
                EndpointFault::ForgedStorage { height: at }
            };
        };
        since = since.max(from);
        until = [until, to].into_iter().flatten().min();
    }
    // An operator that is not there had not registered yet.
    let absent = expected.keys().filter(|journal| !sheet.ends.contains_key(journal));
    let registered = absent.filter_map(|journal| history.first(*journal));
    until = registered.chain(until).min();
    match until {
        Some(until) if since < until && until <= at => EndpointFault::OldSet { at },
        Some(_) | None => EndpointFault::MixedSlots { at },
    }
}

/// What a quorum of sheets bears out of a history, and how far that goes. What lies beyond is one endpoint's word.
pub(crate) fn borne_out(
    history: History,
    last: Height,
    sheets: &[(usize, Sheet)],
    quorum: usize,
) -> Option<(History, Height)> {
    let supports = |(_, sheet): &&(usize, Sheet)| judge(&history, last, sheet) == Verdict::Supports;
    let slots = sheets.iter().filter(supports).map(|(_, sheet)| sheet.slot).collect();
    let through = reached(slots, quorum)?;
    Some((history.through(through), through))
}

/// The highest slot that so many of these sheets reach.
pub(crate) fn reached(mut slots: Vec<Height>, quorum: usize) -> Option<Height> {
    slots.sort_unstable();
    slots.len().checked_sub(quorum).and_then(|place| slots.get(place)).copied()
}

#[cfg(test)]
mod tests;
