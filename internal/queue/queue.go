// Package queue says which process scans which part of a run. A part that is done twice is the same file, so a
// queue only lends parts, and the part files are the truth. [Static] hands out all parts, or every n-th one to
// each of n machines that share only the run directory. It neither steals work nor waits for the others.
package queue

import "context"

// Static hands out the parts of its shard that are not done, in order. The zero Shard owns all parts.
type Static struct {
	Parts int              // number of parts of the run
	Shard Shard            // which of them are handed out
	Done  func(k int) bool // whether part k is done; nil: none is

	next int
}

// Next returns the next part, or ok false if none is left. It is not for concurrent use.
func (s *Static) Next(ctx context.Context) (k int, ok bool, err error) {
	for ; s.next < s.Parts; s.next++ {
		if s.Shard.Owns(s.next) && (s.Done == nil || !s.Done(s.next)) {
			s.next++
			return s.next - 1, true, nil
		}
	}
	return 0, false, nil
}
