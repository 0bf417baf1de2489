package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"stsscan/internal/domains"
	"stsscan/internal/queue"
	"stsscan/internal/rundir"
)

// check refuses a command line that cannot work, before anything is written.
func (j *scanJob) check(getenv func(string) string) error {
	if err := j.checkFlags(getenv); err != nil {
		return err
	}
	return j.checkLists()
}

// checkFlags is check without the lists.
func (j *scanJob) checkFlags(getenv func(string) string) error {
	switch {
	case j.flags.output == "":
		return usage(errors.New("scan needs --output DIR: name a directory for the run, such as -o run"))
	case j.flags.limit < 0:
		return usage(fmt.Errorf("--limit %d: must not be negative", j.flags.limit))
	case j.flags.partSize < 0 || j.flags.partSize > maxPartSize:
		return usage(fmt.Errorf("--part-size %d: must be from 0 to %d", j.flags.partSize, maxPartSize))
	}
	if j.flags.passes < 0 || j.flags.passDelay < 0 {
		return usage(fmt.Errorf("--passes %d, --pass-delay %v: must not be negative", j.flags.passes, j.flags.passDelay))
	}
	if err := j.checkFromFlags(); err != nil {
		return err
	}
	if err := domains.CheckNames(j.flags.names); err != nil {
		return usage(fmt.Errorf("--names %w", err))
	}
	if _, err := domains.ParseFormat(j.flags.format); err != nil {
		return usage(fmt.Errorf("--format: %w", err))
	}
	if err := errors.Join(j.flags.network.check(), j.flags.network.preflight.check()); err != nil {
		return err
	}
	if err := j.flags.crossCheck.check(); err != nil {
		return err
	}
	if j.flags.network.contact == "" && !j.flags.network.testBed() {
		return usage(errors.New("a scan of the real Internet needs --contact MAIL|URL: the people whose servers you ask " +
			"must be able to reach you; to try it without a network, use --sim errors"))
	}
	var err error
	if err = j.flags.mail.check(); err != nil {
		return err
	}
	if _, err = j.flags.fail.verdicts(); err != nil {
		return err
	}
	if j.progress, err = parseProgress(j.flags.progress, j.flags.quiet, j.std.console()); err != nil {
		return err
	}
	switch j.flags.shard {
	case "":
	case "env":
		j.shard, err = queue.ShardFromEnv(getenv)
	default:
		j.shard, err = queue.ParseShard(j.flags.shard)
	}
	if err != nil {
		return usage(fmt.Errorf("--shard: %w", err))
	}
	if j.store, err = openStore("--store", j.flags.store, j.flags.output, j.std); err != nil {
		return err
	}
	return j.checkOutputs()
}

// checkOutputs refuses paths that cannot be written to.
func (j *scanJob) checkOutputs() error {
	if info, err := os.Stat(j.flags.output); err == nil && !info.IsDir() {
		return fmt.Errorf("--output %s: not a directory: use another -o", j.flags.output)
	}
	return j.flags.metrics.check()
}

// checkLists refuses lists that cannot be read before the run directory is made.
func (j *scanJob) checkLists() error {
	stdin := 0
	for _, list := range j.lists {
		if list == "-" {
			if stdin++; stdin > 1 {
				return usage(errors.New("- (standard input) is there twice: it can be read once only"))
			}
			continue
		}
		info, err := os.Stat(list)
		switch {
		case errors.Is(err, os.ErrNotExist):
			return fmt.Errorf("open %s: no such file: %s", list, j.preparedFrom())
		case err != nil:
			return err
		case info.IsDir():
			return fmt.Errorf("open %s: is a directory: name the lists in it", list)
		}
	}
	if j.flags.from != "" {
		return nil
	}
	err := j.prepareConfig(nil).Check()
	if errors.Is(err, domains.ErrOptions) {
		return usage(err)
	}
	return err
}

// preparedFrom says what to do where a list is gone.
func (j *scanJob) preparedFrom() string {
	if plan, err := domains.ReadPlan(j.flags.output); err != nil || len(plan.Inputs) != len(j.lists) {
		return "name a list of domains, or - for standard input"
	}
	return fmt.Sprintf("the run in %s goes on with the lists that it was prepared from; "+
		"if one has moved, name it where it is now", j.flags.output)
}

// prepareConfig says what to prepare.
func (j *scanJob) prepareConfig(excluded *domains.Exclusions) domains.PrepareConfig {
	var lists []domains.List
	for _, path := range j.lists {
		lists = append(lists, domains.List{Path: path})
	}
	return domains.PrepareConfig{
		Dir: j.flags.output, Lists: lists, Stdin: j.std.in, Format: domains.Format(j.flags.format),
		DomainColumn: j.flags.domainColumn, Tags: j.flags.tags, Limit: j.flags.limit, PartSize: j.flags.partSize,
		StrictNames: j.flags.strictNames, Names: domains.Names(j.flags.names), Exclude: excluded,
		AllowSpecialUse: j.flags.network.testBed(),
	}
}

// prepare finds the whole parts of this shard, and the names of the others.
func (j *scanJob) prepare(
	ctx context.Context, excluded *domains.ExclusionFile, update func(domains.Progress),
) (*rundir.Record, error) {
	identity, err := j.identity()
	if err != nil {
		return nil, err
	}
	config := j.prepareConfig(excluded.Exclusions())
	config.Progress = update
	return j.dir.Prepare(ctx, config, rundir.Scan{
		Identity: identity, Config: j.settings, ConfigFile: j.flags.configFile, From: j.lineage,
		Contact: j.flags.network.contact,
	}, excluded)
}
