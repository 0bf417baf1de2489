// Package queue says which process scans which part of a run. A part that is done twice is the same file, so a
// queue only lends parts, and the part files are the truth. [Static] hands out all parts, or every n-th one to
// each of n machines that share only the run directory. It neither steals work nor waits for the others.
package queue

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

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

// A Shard is one of Of equal shares of a run, counted from 0. The zero Shard is the whole run.
type Shard struct {
	Index int
	Of    int
}

// Whole reports whether the shard is the whole run.
func (s Shard) Whole() bool { return s.Of <= 1 }

// Owns reports whether part k belongs to the shard.
func (s Shard) Owns(k int) bool { return s.Whole() || k%s.Of == s.Index }

// String formats the shard as [ParseShard] reads it: "2/16".
func (s Shard) String() string {
	if s.Whole() {
		return "0/1"
	}
	return fmt.Sprintf("%d/%d", s.Index, s.Of)
}

// ParseShard reads "I/N", with 0 <= I < N.
func ParseShard(text string) (Shard, error) {
	left, right, _ := strings.Cut(text, "/")
	index, err1 := strconv.Atoi(left)
	of, err2 := strconv.Atoi(right)
	if err := errors.Join(err1, err2); err != nil {
		return Shard{}, fmt.Errorf("shard %q is not of the form I/N", text)
	}
	return newShard(index, of, text)
}

// A scheduler has the names of its array variables: the index of this task, the number of tasks, and the index of
// the first task, if that may differ from 0.
type scheduler struct{ name, index, count, first string }

// schedulers lists the array schedulers, in the order of looking.
func schedulers() []scheduler {
	return []scheduler{
		{"Slurm", "SLURM_ARRAY_TASK_ID", "SLURM_ARRAY_TASK_COUNT", "SLURM_ARRAY_TASK_MIN"},
		{"AWS Batch", "AWS_BATCH_JOB_ARRAY_INDEX", "AWS_BATCH_JOB_ARRAY_SIZE", ""},
		{"Kubernetes", "JOB_COMPLETION_INDEX", "STSSCAN_SHARDS", ""},
	}
}

// ShardFromEnv takes the shard from the variables of Slurm and AWS Batch arrays, or from JOB_COMPLETION_INDEX of
// a Kubernetes indexed Job together with STSSCAN_SHARDS. It is an error if there is no index, if there are two,
// or if an index comes without its count.
func ShardFromEnv(getenv func(string) string) (Shard, error) {
	var found []scheduler
	for _, s := range schedulers() {
		if getenv(s.index) != "" {
			found = append(found, s)
		}
	}
	switch len(found) {
	case 0:
		return Shard{}, errors.New("no array index in the environment (SLURM_ARRAY_TASK_ID, " +
			"AWS_BATCH_JOB_ARRAY_INDEX or JOB_COMPLETION_INDEX)")
	case 1:
		return found[0].shard(getenv)
	}
	return Shard{}, fmt.Errorf("both %s and %s are set: say --shard I/N", found[0].index, found[1].index)
}

func (s scheduler) shard(getenv func(string) string) (Shard, error) {
	index, err := strconv.Atoi(getenv(s.index))
	if err != nil {
		return Shard{}, fmt.Errorf("%s: %s=%q is not a number", s.name, s.index, getenv(s.index))
	}
	of, err := strconv.Atoi(getenv(s.count))
	if err != nil {
		return Shard{}, fmt.Errorf("%s: %s is set, but %s=%q is not a number", s.name, s.index, s.count, getenv(s.count))
	}
	if s.first != "" && getenv(s.first) != "" {
		first, err := strconv.Atoi(getenv(s.first))
		if err != nil {
			return Shard{}, fmt.Errorf("%s: %s=%q is not a number", s.name, s.first, getenv(s.first))
		}
		index -= first
	}
	return newShard(index, of, fmt.Sprintf("%s=%s of %s=%s", s.index, getenv(s.index), s.count, getenv(s.count)))
}

func newShard(index, of int, text string) (Shard, error) {
	if of < 1 || index < 0 || index >= of {
		return Shard{}, fmt.Errorf("shard %s: the index must be from 0 to one less than the number of shards", text)
	}
	return Shard{Index: index, Of: of}, nil
}
