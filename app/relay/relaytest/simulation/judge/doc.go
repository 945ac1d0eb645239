// Package judge says whether a relay kept its promise on one simulated day. It shares no code with the relay or the
// reader and imports nothing of ours: it knows what vCenter stored, what the target took, what the checkpoint store
// stored, and draws its own conclusions. It reads ids, announcements and positions by itself.
//
// The rules, after which findings are named:
//
//   - Complete: every row that the account could see was taken by the target, or an announcement names its place. One
//     that could be read for Patience without trouble has to be there, announced or not, unless it stands among so many
//     that the account may not see that nobody can tell; those are counted.
//   - Prompt: such a row was taken within that time.
//   - Ordered: the rows of an entity were first taken in the order of their creation; only one marked late may be behind,
//     and only one that vCenter made visible late, or that a step of vCenter's clock set back, may be marked.
//   - SameId: a delivery has the id of its row, and no other.
//   - DupBound: a row was taken again only after the target said no, or by another process that found it not stored, and
//     a process left at most Batch of those.
//   - NeverAhead: at each write of the position, all that it counts as done and all that nobody would read again was
//     acknowledged.
//   - GapAnnounced: an announcement has a cause, and the burst filter's counts are told exactly.
//   - Alive: the relay neither hung nor ended by itself; the simulation says so.
package judge
