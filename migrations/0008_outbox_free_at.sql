-- Since when a pin may have been used: a height at which a quorum had it unused, not long before the latest one. Long after
-- it a missing receipt tells nothing, for nodes drop old ones. Rows from before this column know no such height.

alter table course add column free_at blob check (free_at is null or length(free_at) = 8);
