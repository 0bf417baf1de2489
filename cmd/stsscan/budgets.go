package main

import (
	"errors"
	"fmt"
	"strconv"
)

// checkBudgets divides the limits of the run among the shards that run at a time, and refuses more shards than can have
// a connection each.
func (j *scanJob) checkBudgets() error {
	shards := max(j.shard.Of, 1)
	at := j.flags.atATime
	switch {
	case at == 0:
		at = shards
	case j.shard.Whole():
		return usage(errors.New("--at-a-time divides the limits of a run in many shards: it needs --shard"))
	case at < 1 || at > shards:
		return usage(fmt.Errorf("--at-a-time %d: must be from 1 to the number of shards, %d", at, shards))
	}
	j.flags.network.processes = at
	if j.settings != nil && shards > 1 {
		j.settings["at-a-time"] = strconv.Itoa(at)
	}
	return j.flags.network.manners.checkShare(j.flags.network.testBed(), at)
}

// checkShare refuses more processes than connections to an address or a network.
func (f *mannersFlags) checkShare(testBed bool, processes int) error {
	whole := f.manners(testBed, 1)
	for _, limit := range []struct {
		flag string
		most int
	}{{"host-connections", whole.HostConnections}, {"network-connections", whole.NetworkConnections}} {
		if limit.most > 0 && processes > limit.most {
			return usage(fmt.Errorf("%d shards at a time need a connection each, and --%s %d is for all of them: "+
				"run fewer at a time (--at-a-time %d, and no more by the scheduler), or allow more (--%[2]s %[1]d)",
				processes, limit.flag, limit.most, limit.most))
		}
	}
	return nil
}

// logBudgets says what this process may ask of the limits of the run.
func (j *scanJob) logBudgets() {
	f := &j.flags.network
	if f.processes <= 1 {
		return
	}
	share := f.manners.manners(f.testBed(), f.processes)
	given := []any{"at_a_time", f.processes}
	if f.rate > 0 {
		given = append(given, "questions_per_second", f.rateShare())
	}
	if share.HostConnections > 0 {
		given = append(given, "connections_per_host", share.HostConnections)
	}
	if share.HostRate > 0 {
		given = append(given, "new_connections_per_host_and_second", share.HostRate)
	}
	j.log.Info("this shard keeps to its share of the run's limits", given...)
}
