package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"stsscan/internal/codes"
	"stsscan/internal/domains"
	"stsscan/internal/egress"
	"stsscan/internal/explain"
	"stsscan/internal/output"
	"stsscan/internal/survey"
	"stsscan/internal/terminal"
)

func newLookup(std streams) *cobra.Command {
	l := lookup{std: std, network: networkFlags{preflight: preflightFlags{brief: true}}}
	cmd := &cobra.Command{
		Use:   "lookup [flags] DOMAIN...",
		Short: "Look up domains and explain what is there",
		Long: `lookup shows the record, the policy and the mail side of each domain: what is
published, each check with its result (ok, warn, FAIL, unknown or none), what
senders do, and what to change (RFC 8461). Where a record or a policy is wrong,
it prints a corrected one, ready to be pasted.

Without a record, it also looks where people put it by mistake: at the domain
itself and at _mta_sts.

A domain that cannot be looked up is reported, and the others go on. The exit
status is then 1, or 2 if all that was wrong are names that are no domains.`,
		Example: `  stsscan lookup example.com
  stsscan lookup --probe-mx --fail-on broken example.com    # for a script
  stsscan lookup --short example.com example.net    # one line each`,
		Args: atLeast(1, "DOMAIN"),
		RunE: func(cmd *cobra.Command, args []string) error {
			_, err := l.fail.verdicts()
			if err = cmp.Or(l.network.check(), l.network.preflight.checkTest(), l.mail.check(), err); err != nil {
				return err
			}
			if l.short && l.asJSON {
				return usage(errors.New("--short and --json: leave out one of them"))
			}
			return l.run(cmd.Context(), args)
		},
	}
	groupEveryday.addTo(cmd.Flags(), func(flags *pflag.FlagSet) {
		flags.BoolVar(&l.asJSON, "json", false, "print the row as JSON, with what else the page has")
		flags.BoolVar(&l.short, "short", false, "print one line for each domain: its verdict, why, and what to do")
	})
	l.network.register(cmd.Flags())
	l.network.preflight.registerTest(cmd.Flags())
	l.mail.register(cmd.Flags(), extentAll)
	l.fail.register(cmd.Flags())
	groupEveryday.addTo(cmd.Flags(), func(flags *pflag.FlagSet) {
		flags.BoolVarP(&l.verbose, "verbose", "v", false, "log each lookup and each fetch")
		registerLogFormat(flags, std)
	})
	addConfig(cmd, std, new(*output.ConfigFile))
	addHelp(cmd.Flags())
	return cmd
}

// A lookup is one call of lookup.
type lookup struct {
	std     streams
	network networkFlags
	mail    mailFlags
	fail    failOn
	asJSON  bool
	short   bool
	verbose bool

	excluded *domains.ExclusionFile
	config   survey.Config
	shown    int // domains so far
	verdicts map[codes.Verdict]int64
}

// run looks up domains. An error of one keeps no other one back.
func (l *lookup) run(ctx context.Context, args []string) error {
	failed, status := 0, exitUsage
	var failure error
	report := func(err error) {
		failed, failure = failed+1, err
		if _, ok := errors.AsType[*statusError](err); !ok {
			status = exitFailed
		}
		if len(args) > 1 {
			l.std.console().Fail(err.Error())
			failure = fmt.Errorf("%d of %d domains were not looked up", failed, len(args))
		}
	}
	var names []string
	rules := domains.Rules{AllowSpecialUse: l.network.testBed()}
	for _, arg := range args {
		if name, err := rules.Normalize(arg); err != nil {
			report(usage(err))
		} else {
			names = append(names, name)
		}
	}
	if names != nil {
		if err := l.all(ctx, names, report); err != nil {
			return err
		}
	}
	found := l.fail.judge(l.verdicts)
	if failed == 0 {
		return found
	}
	return &statusError{status, errors.Join(failure, found)}
}

// all looks up domains, after a test of the resolvers, and reports the error of each.
func (l *lookup) all(ctx context.Context, names []string, report func(error)) (err error) {
	if l.excluded, err = domains.OpenExclusions(l.network.exclude); err != nil {
		return fmt.Errorf("--exclude: %w", err)
	}
	log := l.std.console().Log(!l.verbose, l.verbose)
	n, err := l.network.open(ctx, l.excluded, log, nil)
	if err != nil {
		return err
	}
	defer n.close()
	if _, err := l.network.preflight.run(ctx, n, l.network.testBed(), log); err != nil {
		return err
	}
	l.config = survey.Config{
		Client: n.client, Suffixes: n.suffixes, Deadline: l.network.deadline, LastDeadline: l.network.lastDeadline(),
	}
	if l.config.Mail, err = l.mail.config(n); err != nil {
		return err
	}
	l.verdicts = make(map[codes.Verdict]int64)
	for _, name := range names {
		if err := l.one(ctx, name); err != nil {
			report(fmt.Errorf("%s: %w", name, err))
		}
	}
	return nil
}

// one looks up a domain and prints what is there.
func (l *lookup) one(ctx context.Context, name string) error {
	if l.excluded.Domain(name) {
		return fmt.Errorf("opted out by %s", l.network.exclude)
	}
	row, err := survey.Domain(ctx, l.config, domains.Name{Domain: name, Rank: 1, List: "command line"})
	if err != nil {
		return err
	}
	elsewhere, err := survey.Elsewhere(ctx, l.config, row)
	if err != nil {
		return err
	}
	l.verdicts[codes.Verdict(row.Verdict)]++
	agent := egress.UserAgent(versionNumber(), l.network.contact)
	found := explain.Lookup{Row: row, Elsewhere: elsewhere, UserAgent: agent, Now: time.Now()}
	l.shown++
	switch {
	case l.asJSON:
		return found.WriteJSON(l.std.out)
	case l.short:
		return found.WriteShort(l.std.out)
	case l.shown > 1:
		fmt.Fprintln(l.std.out)
	}
	return found.WritePage(l.std.out, terminal.Colours(l.std.out))
}
