package queue

import (
	"context"
	"slices"
	"strings"
	"testing"
)

// Shards of any number partition the parts: each part has exactly one owner.
func TestStaticPartition(t *testing.T) {
	for _, of := range []int{1, 2, 3, 7, 64} {
		const parts = 50
		owners := make([]int, parts)
		for index := range of {
			q := &Static{Parts: parts, Shard: Shard{Index: index, Of: of}}
			last := -1
			for {
				k, ok, err := q.Next(context.Background())
				if err != nil {
					t.Fatal(err)
				}
				if !ok {
					break
				}
				if k <= last {
					t.Errorf("shard %d/%d: part %d after %d", index, of, k, last)
				}
				last = k
				owners[k]++
			}
		}
		for k, n := range owners {
			if n != 1 {
				t.Errorf("%d shards: part %d has %d owners", of, k, n)
			}
		}
	}
}

// A part that is done is not handed out again.
func TestStaticDone(t *testing.T) {
	q := &Static{Parts: 6, Shard: Shard{Index: 0, Of: 2}, Done: func(k int) bool { return k == 2 }}
	var got []int
	for {
		k, ok, err := q.Next(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if !ok {
			break
		}
		got = append(got, k)
	}
	if want := []int{0, 4}; !slices.Equal(got, want) {
		t.Errorf("got parts %v, want %v", got, want)
	}
}

func TestParseShard(t *testing.T) {
	for text, want := range map[string]Shard{
		"0/1":   {0, 1},
		"3/4":   {3, 4},
		"15/16": {15, 16},
	} {
		if got, err := ParseShard(text); err != nil || got != want {
			t.Errorf("ParseShard(%q) = %v, %v, want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "1", "a/b", "4/4", "-1/4", "0/0", "1/-2", "1/2/3"} {
		if got, err := ParseShard(text); err == nil {
			t.Errorf("ParseShard(%q) = %v, want an error", text, got)
		}
	}
}

func TestShardFromEnv(t *testing.T) {
	tests := []struct {
		name string
		env  map[string]string
		want Shard
		err  string // part of the error; empty: none
	}{
		{"slurm", map[string]string{"SLURM_ARRAY_TASK_ID": "2", "SLURM_ARRAY_TASK_COUNT": "8"}, Shard{2, 8}, ""},
		{"slurm array that starts at 1", map[string]string{"SLURM_ARRAY_TASK_ID": "8", "SLURM_ARRAY_TASK_COUNT": "8", "SLURM_ARRAY_TASK_MIN": "1"}, Shard{7, 8}, ""},
		{"batch", map[string]string{"AWS_BATCH_JOB_ARRAY_INDEX": "0", "AWS_BATCH_JOB_ARRAY_SIZE": "3"}, Shard{0, 3}, ""},
		{"kubernetes", map[string]string{"JOB_COMPLETION_INDEX": "4", "STSSCAN_SHARDS": "5"}, Shard{4, 5}, ""},
		{"nothing", nil, Shard{}, "no array index"},
		{"kubernetes without a count", map[string]string{"JOB_COMPLETION_INDEX": "4"}, Shard{}, "STSSCAN_SHARDS"},
		{"index out of range", map[string]string{"JOB_COMPLETION_INDEX": "5", "STSSCAN_SHARDS": "5"}, Shard{}, "index must be"},
		{"two schedulers", map[string]string{"SLURM_ARRAY_TASK_ID": "2", "JOB_COMPLETION_INDEX": "1"}, Shard{}, "both"},
		{"not a number", map[string]string{"SLURM_ARRAY_TASK_ID": "two"}, Shard{}, "not a number"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := ShardFromEnv(func(k string) string { return tt.env[k] })
			if tt.err == "" && (err != nil || got != tt.want) {
				t.Errorf("got %v, %v, want %v", got, err, tt.want)
			}
			if tt.err != "" && (err == nil || !strings.Contains(err.Error(), tt.err)) {
				t.Errorf("got %v, %v, want an error with %q", got, err, tt.err)
			}
		})
	}
}
