package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"strconv"

	"github.com/spf13/pflag"

	"stsscan/internal/config"
	"stsscan/internal/domains"
)

// maxPartSize is the most ranks of a part: what a kill may cost.
const maxPartSize = 1 << 19

// partsPerShard is the fewest parts of a shard, of a list that is long enough: the shards of a run then have about as
// many names each.
const partsPerShard = 4

// listFlags say how lists are read, and how their names are divided.
type listFlags struct {
	format       string
	domainColumn string
	tags         []string
	strictNames  bool
	names        string
	limit        int64
	partSize     int64
}

func (f *listFlags) register(flags *pflag.FlagSet) {
	groupLists.addTo(flags, func(flags *pflag.FlagSet) {
		flags.StringVar(&f.format, "format", string(domains.FormatAuto),
			"`FORMAT`: format of the lists: auto, plain, csv or zone")
		flags.StringVar(&f.domainColumn, "domain-column", "", "`NAME`: name or number of the CSV column with the domain")
		flags.StringSliceVar(&f.tags, "tags", nil, "`NAME,...`: copy these CSV columns into the rows")
		flags.BoolVar(&f.strictNames, "strict-names", false, "reject URLs, mail addresses, ports and wildcards")
		flags.StringVar(&f.names, "names", string(domains.NamesAsGiven),
			"`FORM`: as_given, or registered: scan the registered domain of each name")
		flags.Int64Var(&f.limit, "limit", 0, "`N`: scan only the first N entries")
	})
	groupExpert.addTo(flags, func(flags *pflag.FlagSet) {
		flags.Int64Var(&f.partSize, "part-size", 0, "`N`: ranks in each part; 0 adapts to the list")
	})
}

// check refuses values that make no sense.
func (f *listFlags) check() error {
	switch {
	case f.limit < 0:
		return usage(fmt.Errorf("--limit %d: must not be negative", f.limit))
	case f.partSize < 0 || f.partSize > maxPartSize:
		return usage(fmt.Errorf("--part-size %d: must be from 0 to %d", f.partSize, maxPartSize))
	}
	if err := domains.CheckNames(f.names); err != nil {
		return usage(fmt.Errorf("--names %w", err))
	}
	if _, err := domains.ParseFormat(f.format); err != nil {
		return usage(fmt.Errorf("--format: %w", err))
	}
	return nil
}

// checkFiles refuses lists that cannot be read. Where one is gone, instead says what to do.
func (f *listFlags) checkFiles(lists []string, instead func() string) error {
	stdin := 0
	for _, list := range lists {
		if list == "-" {
			if stdin++; stdin > 1 {
				return usage(errors.New("- (standard input) is there twice: it can be read once only"))
			}
			continue
		}
		info, err := os.Stat(list)
		switch {
		case errors.Is(err, os.ErrNotExist):
			return fmt.Errorf("open %s: no such file: %s", list, instead())
		case err != nil:
			return err
		case info.IsDir():
			return fmt.Errorf("open %s: is a directory: name the lists in it", list)
		}
	}
	return nil
}

// config says what to prepare in a directory, for a run in so many shards.
func (f *listFlags) config(dir string, lists []string, shards int) domains.PrepareConfig {
	config := domains.PrepareConfig{
		Dir: dir, Format: domains.Format(f.format), DomainColumn: f.domainColumn, Tags: f.tags, Limit: f.limit,
		PartSize: f.partSize, ManyParts: int64(2 * partsPerShard * shards),
		StrictNames: f.strictNames, Names: domains.Names(f.names),
	}
	for _, path := range lists {
		config.Lists = append(config.Lists, domains.List{Path: path})
	}
	return config
}

// settingsOf are the values of the flags of lists with which a plan was prepared.
func settingsOf(plan *domains.Plan) map[string]string {
	names := domains.NamesAsGiven
	if plan.Registered {
		names = domains.NamesRegistered
	}
	return map[string]string{
		"format": string(cmp.Or(plan.Format, domains.FormatAuto)), "domain-column": plan.DomainColumn,
		"tags": config.ListText(plan.Tags), "limit": strconv.FormatInt(plan.Limit, 10),
		"strict-names": strconv.FormatBool(plan.StrictNames), "names": string(names),
		"part-size": strconv.FormatInt(plan.PartSize, 10),
	}
}
