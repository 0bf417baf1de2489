package verify

import (
	"hash/maphash"
	"path/filepath"
	"slices"

	"stsscan/internal/output"
)

// bytesPerName is the memory that findDuplicates needs for a name, with the growth of a slice.
const bytesPerName = 16

// findDuplicates finds domains with two rows, in one part or in several. It compares hashes, in as many passes
// over the column as the memory requires, and then the names with equal hashes.
func (c *check) findDuplicates() error {
	passes := uint64(c.report.Rows*bytesPerName/c.options.Memory) + 1
	for pass := range passes {
		var hashes []uint64
		c.eachDomain(func(_, domain string) {
			if h := maphash.String(c.seed, domain); h%passes == pass {
				hashes = append(hashes, h)
			}
		})
		slices.Sort(hashes)
		twice := make(map[uint64][]string) // hashes that come twice, and their names
		for i := 1; i < len(hashes); i++ {
			if hashes[i] == hashes[i-1] {
				twice[hashes[i]] = nil
			}
		}
		if len(twice) == 0 {
			continue
		}
		c.eachDomain(func(file, domain string) {
			h := maphash.String(c.seed, domain)
			names, ok := twice[h]
			switch {
			case !ok:
			case slices.Contains(names, domain):
				c.problem(file, "the domain %q has another row", domain)
			default:
				twice[h] = append(names, domain)
			}
		})
	}
	return nil
}

// eachDomain calls do for each domain of the parts that could be read.
func (c *check) eachDomain(do func(file, domain string)) {
	paths, err := output.PartPaths(c.dir)
	if err != nil {
		c.problem("", "%v", err)
		return
	}
	for _, path := range paths {
		info, ok := c.read[filepath.Base(path)]
		if !ok {
			continue
		}
		for domain, err := range output.ReadDomains(path) {
			if err != nil {
				c.problem(info.Name, "%v", err)
				break
			}
			do(info.Name, domain)
		}
	}
}
