package domains

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"stsscan/internal/listfile"
)

// reuse returns the plan if it is one of this configuration.
func (cfg *PrepareConfig) reuse(ctx context.Context, plan *Plan) (*Plan, error) {
	difference := cfg.difference(plan)
	onRead := cfg.onRead(ctx, func() int64 { return 0 })
	for i := 0; i < len(cfg.Lists) && difference == ""; i++ {
		l := cfg.Lists[i]
		sum, _, err := listfile.Sum(l.Path, listfile.Options{Stdin: cfg.Stdin, OnRead: onRead})
		if err != nil {
			return nil, err
		}
		if was := plan.Inputs[i]; sum != was.SHA256 {
			difference = otherList(l, sum, was)
		}
	}
	if difference != "" {
		return nil, fmt.Errorf("run directory %s %w: %s", cfg.Dir, ErrOtherInput, difference)
	}
	if err := cfg.checkExclusions(plan); err != nil {
		return nil, err
	}
	return plan, nil
}

// otherList says that a list is not the one that the run has, and what to do.
func otherList(l List, sum string, was Input) string {
	todo := "name the list as it was then; its place and its name may differ"
	if l.Path == "-" {
		todo = "standard input is not kept: give it the same list again, or name a file with that list instead"
	}
	return fmt.Sprintf("list %s has SHA-256 %.12s..., that of the run (%s) has %.12s...: %s",
		l.Path, sum, was.Name, was.SHA256, todo)
}

// checkExclusions returns an error unless everything that the plan excluded is still excluded.
func (cfg *PrepareConfig) checkExclusions(plan *Plan) error {
	if cfg.Exclude.SHA256() == plan.Exclusions {
		return nil
	}
	then, err := plan.ReadExclusions()
	if err != nil {
		return err
	}
	return cfg.Exclude.checkContains(then)
}

// difference says in which option a plan differs; "": in none.
func (cfg *PrepareConfig) difference(plan *Plan) string {
	options := []struct {
		name      string
		now, then any
	}{
		{"number of lists", len(cfg.Lists), len(plan.Inputs)},
		{"format", cfg.Format, plan.Format},
		{"domain column", cfg.DomainColumn, plan.DomainColumn},
		{"tags", listed(cfg.Tags), listed(plan.Tags)},
		{"limit", cfg.Limit, plan.Limit},
		{"special-use names", cfg.AllowSpecialUse, plan.AllowSpecialUse},
		{"strict names", cfg.StrictNames, plan.StrictNames},
		{"registered domains", cfg.Names == NamesRegistered, plan.Registered},
	}
	for _, o := range options {
		if o.now != o.then {
			return fmt.Sprintf("%s: now %s, then %s", o.name, orNone(o.now), orNone(o.then))
		}
	}
	if cfg.PartSize != 0 && cfg.PartSize != plan.PartSize {
		return fmt.Sprintf("part size: now %d, then %d", cfg.PartSize, plan.PartSize)
	}
	return ""
}

// listed quotes and joins names.
func listed(names []string) string {
	var quoted []string
	for _, name := range names {
		quoted = append(quoted, strconv.Quote(name))
	}
	return strings.Join(quoted, ", ")
}

func orNone(v any) string {
	if v == "" {
		return "none"
	}
	return fmt.Sprint(v)
}
