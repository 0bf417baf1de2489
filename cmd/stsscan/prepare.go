package main

import (
	"context"
	"runtime/debug"

	"stsscan/internal/domains"
)

// prepareConfig says what is prepared.
func (j *scanJob) prepareConfig(excluded *domains.Exclusions) domains.PrepareConfig {
	var lists []domains.List
	for _, path := range j.lists {
		lists = append(lists, domains.List{Path: path})
	}
	return domains.PrepareConfig{
		Dir: j.flags.output, Lists: lists, Stdin: j.std.in, Format: domains.Format(j.flags.format), DomainColumn: j.flags.domainColumn,
		Tags: j.flags.tags, Limit: j.flags.limit, PartSize: j.flags.partSize, Exclude: excluded, AllowSpecialUse: j.flags.network.testBed(),
		Owns: j.shard.Owns, Begun: j.begun,
		Damaged: func(err error) { j.damage.note(err, "the lists are prepared again") },
	}
}

// prepare reads the lists into chunks, or finds them prepared, and tells how far it
// is. One process does it; the other shards wait.
func (j *scanJob) prepare(
	ctx context.Context, excluded *domains.Exclusions, tell func(domains.Progress),
) (*domains.Plan, error) {
	config := j.prepareConfig(excluded)
	config.Progress = tell
	plan, err := domains.Prepare(ctx, config)
	if ctx.Err() != nil {
		return nil, exitOf(errStopped)
	}
	debug.FreeOSMemory() // what found the repeats is as large as the scan itself
	return plan, exitOf(err)
}
