package main

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"

	"stsscan/internal/domains"
)

// isPrepared reports whether the names are to be there already: there are neither lists nor --from.
func (j *scanJob) isPrepared() bool { return len(j.lists) == 0 && j.flags.from == "" }

// checkPrepared refuses a directory that is not prepared, flags of lists that differ from those that it
// was prepared with, and names for a test bed on the real Internet. run.json gets those flags.
func (j *scanJob) checkPrepared() error {
	plan, err := domains.ReadPlan(j.flags.output)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return usage(fmt.Errorf("scan needs at least one LIST: name a file of domains, - for standard input, or --from RUN "+
			"(without, %s must have been prepared: see stsscan prepare --help)", cmp.Or(j.flags.store, j.flags.output)))
	case errors.Is(err, domains.ErrDamagedPlan):
		return fmt.Errorf("%w: run stsscan prepare again with the same lists", err)
	case err != nil:
		return err
	case plan.AllowSpecialUse && !j.flags.network.testBed():
		return usage(fmt.Errorf("%s was prepared with --special-use, for the simulated Internet: "+
			"prepare another directory without", j.flags.output))
	}
	prepared := settingsOf(plan)
	for _, name := range slices.Sorted(maps.Keys(prepared)) {
		changed := j.flags.network.changed != nil && j.flags.network.changed(name)
		if now := j.settings[name]; changed && now != prepared[name] {
			return usage(fmt.Errorf("--%s %s: it belongs to stsscan prepare, and %s was prepared with %q: "+
				"leave it out, or prepare another directory", name, now, j.flags.output, prepared[name]))
		}
	}
	maps.Copy(j.settings, prepared)
	return nil
}
