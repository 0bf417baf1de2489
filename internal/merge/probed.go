package merge

import (
	"context"
	"hash/maphash"
	"path/filepath"
	"slices"

	"stsscan/internal/output"
)

// mostServers bounds the memory for mail servers, 8 octets each: 32 MiB.
const mostServers = 4 << 20

// shardBits are the bits of an entry that have the shard; the others are of the hash of the name, which two of 10^6
// servers share with a probability of 1 in 1000.
const shardBits = 16

// ProbedBySeveral counts the mail servers in the part files of a run in so many shards that several of them probed.
// It reads the rows of domains whose mail servers were probed, more than once where there are very many servers.
func ProbedBySeveral(ctx context.Context, dir string, shards int) (int64, error) {
	return probedBySeveral(ctx, dir, shards, mostServers)
}

func probedBySeveral(ctx context.Context, dir string, shards, most int) (int64, error) {
	paths, err := output.PartPaths(dir)
	if err != nil {
		return 0, err
	}
	seed := maphash.MakeSeed()
	for passes := uint64(1); ; passes *= 2 {
		var total int64
		fits := true
		for pass := uint64(0); pass < passes && fits; pass++ {
			s := &servers{seed: seed, passes: passes, pass: pass, most: most}
			if fits, err = s.read(ctx, paths, shards); err != nil {
				return 0, err
			}
			total += s.several()
		}
		if fits {
			return total, nil
		}
	}
}

// servers are the mail servers whose hash leaves the rest pass when it is divided by passes, with each shard that
// probed them.
type servers struct {
	seed         maphash.Seed
	passes, pass uint64
	most         int
	entries      []uint64
}

// read reads parts; fits is false where there are too many servers.
func (s *servers) read(ctx context.Context, paths []string, shards int) (fits bool, err error) {
	always := func([]byte) bool { return true }
	probed := output.Selection{Columns: []string{"mx"}, Only: []output.Condition{{Column: "mx_kind", Match: always}}}
	for _, path := range paths {
		if ctx.Err() != nil {
			return false, context.Cause(ctx)
		}
		k, _ := output.PartNumber(filepath.Base(path))
		for row, err := range probed.Part(path) {
			if err != nil {
				return false, err
			}
			for i := range row.MX {
				if host := &row.MX[i]; host.STARTTLS != nil && host.Addr != nil && !s.add(host.Host, k%shards) {
					return false, nil
				}
			}
		}
	}
	s.compact()
	return true, nil
}

// add is false where there is no room left.
func (s *servers) add(host string, shard int) bool {
	h := maphash.String(s.seed, host) >> shardBits
	if h%s.passes != s.pass {
		return true
	}
	if len(s.entries) == s.most {
		s.compact()
		if len(s.entries) > s.most/2 {
			return false
		}
	}
	s.entries = append(s.entries, h<<shardBits|uint64(shard)&(1<<shardBits-1))
	return true
}

func (s *servers) compact() {
	slices.Sort(s.entries)
	s.entries = slices.Compact(s.entries)
}

// several counts the servers with more than one shard.
func (s *servers) several() (total int64) {
	for i := 1; i < len(s.entries); i++ {
		same := s.entries[i]>>shardBits == s.entries[i-1]>>shardBits
		counted := i > 1 && s.entries[i-2]>>shardBits == s.entries[i]>>shardBits
		if same && !counted {
			total++
		}
	}
	return total
}
