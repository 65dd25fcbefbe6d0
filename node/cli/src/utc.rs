//! Moments as people read them.

use williw_core::cycle::UnixSeconds;

const DAY: u64 = 86_400;

/// From the first of March of the year 0 to the first of January 1970, in days.
const BEFORE_1970: u64 = 719_468;

/// How many days 400, 100, 4 years and one have. After 400 years the calendar repeats itself.
const DAYS: [u64; 4] = [146_097, 36_524, 1_461, 365];

/// The moment in UTC: `2026-11-22 02:42:13 UTC`.
pub(crate) fn utc(UnixSeconds(seconds): UnixSeconds) -> String {
    let (year, month, day) = date(seconds / DAY);
    let second = seconds % DAY;
    let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02} UTC")
}

/// Year, month and day of a day since 1970. Years are counted from March, so that a leap day is the last of its year.
fn date(since_1970: u64) -> (u64, u64, u64) {
    let days = since_1970 + BEFORE_1970;
    let (era, day) = (days / DAYS[0], days % DAYS[0]);
    // A century's last day, and that of four, would otherwise be the first of one more.
    let century = (day / DAYS[1]).min(3);
    let day = day - century * DAYS[1];
    let (four, day) = (day / DAYS[2], day % DAYS[2]);
    let one = (day / DAYS[3]).min(3);
    let day = day - one * DAYS[3];
    // From March on, five months in a row have 153 days, whichever they are.
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (year, month) = if month < 10 { (0, month + 3) } else { (1, month - 9) };
    (400 * era + 100 * century + 4 * four + one + year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `date -u` says.
    #[test]
    fn moments_are_those_of_the_calendar() {
        for (seconds, expected) in [
            (0, "1970-01-01 00:00:00 UTC"),
            (68_169_599, "1972-02-28 23:59:59 UTC"),
            (68_169_600, "1972-02-29 00:00:00 UTC"),
            (951_782_400, "2000-02-29 00:00:00 UTC"),
            (951_868_800, "2000-03-01 00:00:00 UTC"),
            (978_307_199, "2000-12-31 23:59:59 UTC"),
            (1_795_315_333, "2026-11-22 02:42:13 UTC"),
            (4_107_542_400, "2100-03-01 00:00:00 UTC"),
            (4_107_542_399, "2100-02-28 23:59:59 UTC"),
        ] {
            assert_eq!(utc(UnixSeconds(seconds)), expected);
        }
        // Whatever a chain says is shown somehow.
        assert!(utc(UnixSeconds(u64::MAX)).ends_with(" UTC"));
    }
}
