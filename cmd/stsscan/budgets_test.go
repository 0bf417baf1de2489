package main

import (
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"stsscan/internal/queue"
)

// The limits of a run are divided among the shards that run at a time, and more of them than connections to an address
// are refused.
func TestBudgets(t *testing.T) {
	const many = 64
	for _, tt := range []struct {
		args                []string
		shards              int
		says                string // why it is refused
		connections         int
		hostRate, questions float64
	}{
		{shards: 1, connections: 2, hostRate: 2},
		{shards: 2, connections: 1, hostRate: 1},
		{shards: many, args: []string{"--at-a-time", "2", "--rate", "1000"}, connections: 1, hostRate: 1, questions: 500},
		{shards: many, args: []string{"--at-a-time", "4", "--host-connections", "6", "--host-rate", "4"}, connections: 1, hostRate: 1},
		{shards: many, args: []string{"--at-a-time", "4", "--host-connections", "8"}, connections: 2, hostRate: 0.5},
		{shards: many, args: []string{"--host-connections", "0", "--network-connections", "0"}, connections: -1, hostRate: 2.0 / many},
		{shards: many, says: "64 shards at a time need a connection each, and --host-connections 2 is for all of them: " +
			"run fewer at a time (--at-a-time 2, and no more by the scheduler), or allow more (--host-connections 64)"},
		{shards: many, args: []string{"--at-a-time", "20", "--host-connections", "20"}, says: "--network-connections 16"},
		{shards: 1, args: []string{"--at-a-time", "2"}, says: "needs --shard"},
		{shards: 4, args: []string{"--at-a-time", "5"}, says: "from 1 to the number of shards, 4"},
		{shards: 4, args: []string{"--at-a-time", "-1"}, says: "from 1 to the number of shards, 4"},
	} {
		var job scanJob
		flags := pflag.NewFlagSet("scan", pflag.ContinueOnError)
		job.flags.register(flags, streams{})
		if err := flags.Parse(tt.args); err != nil {
			t.Fatal(err)
		}
		job.shard = queue.Shard{Of: tt.shards}
		err := job.checkBudgets()
		if tt.says != "" || err != nil {
			if err == nil || tt.says == "" || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("%d shards, %q: %v", tt.shards, tt.args, err)
			}
			continue
		}
		f := &job.flags.network
		got := f.manners.manners(false, f.processes)
		if got.HostConnections != tt.connections || got.HostRate != tt.hostRate || f.rateShare() != tt.questions {
			t.Errorf("%d shards, %q: %+v, %g questions", tt.shards, tt.args, got, f.rateShare())
		}
	}
}
