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
	case j.flags.passes < 0 || j.flags.passDelay < 0:
		return usage(fmt.Errorf("--passes %d, --pass-delay %v: must not be negative", j.flags.passes, j.flags.passDelay))
	}
	if err := j.checkFromFlags(); err != nil {
		return err
	}
	if err := j.flags.lists.check(); err != nil {
		return err
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
	if err := j.checkBudgets(); err != nil {
		return err
	}
	if j.store, err = openStore("--store", j.flags.store, j.flags.output, j.std); err != nil {
		return err
	}
	return j.checkOutputs()
}

// checkOutputs refuses paths that cannot be written to.
func (j *scanJob) checkOutputs() error {
	if err := checkOutput(j.flags.output); err != nil {
		return err
	}
	return j.flags.metrics.check()
}

func checkOutput(path string) error {
	if info, err := os.Stat(path); err == nil && !info.IsDir() {
		return fmt.Errorf("--output %s: not a directory: use another -o", path)
	}
	return nil
}

// checkLists refuses lists that cannot be read before the run directory is made, and without lists a directory that
// is not prepared.
func (j *scanJob) checkLists() error {
	if j.isPrepared() && j.store != nil {
		return nil // what was prepared is in the store
	}
	if j.isPrepared() {
		return j.checkPrepared()
	}
	if err := j.flags.lists.checkFiles(j.lists, j.preparedFrom); err != nil || j.flags.from != "" {
		return err
	}
	return checkList(j.prepareConfig(nil))
}

// checkList refuses lists that do not fit the flags.
func checkList(config domains.PrepareConfig) error {
	err := config.Check()
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
	config := j.flags.lists.config(j.flags.output, j.lists, j.shard.Of)
	config.Stdin, config.Exclude, config.AllowSpecialUse = j.std.in, excluded, j.flags.network.testBed()
	return config
}

// prepare finds the whole parts of this shard, and the names of the others.
func (j *scanJob) prepare(
	ctx context.Context, excluded *domains.ExclusionFile, update func(domains.Progress),
) (*rundir.Record, error) {
	if err := j.dir.Bring(ctx); err != nil {
		return nil, err
	}
	if j.isPrepared() && j.store != nil {
		if err := j.checkPrepared(); err != nil {
			return nil, err
		}
	}
	identity, err := j.identity()
	if err != nil {
		return nil, err
	}
	scan := rundir.Scan{
		Identity: identity, Config: j.settings, ConfigFile: j.flags.configFile, From: j.lineage,
		Contact: j.flags.network.contact,
	}
	if j.isPrepared() {
		return j.dir.Resume(ctx, scan, excluded)
	}
	config := j.prepareConfig(excluded.Exclusions())
	config.Progress = update
	return j.dir.Prepare(ctx, config, scan, excluded)
}
