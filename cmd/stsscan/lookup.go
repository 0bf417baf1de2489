package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"stsscan/internal/codes"
	"stsscan/internal/domains"
	"stsscan/internal/explain"
	"stsscan/internal/mtasts"
	"stsscan/internal/output"
	"stsscan/internal/survey"
	"stsscan/internal/terminal"
)

func newLookup(std streams) *cobra.Command {
	var (
		network networkFlags
		mail    mailFlags
		fail    failOn
		asJSON  bool
		verbose bool
	)
	cmd := &cobra.Command{
		Use:   "lookup [flags] DOMAIN...",
		Short: "Look up one domain and explain what is there",
		Long: `lookup shows the record, the policy and the mail side of each domain: what is
published, each check with its result (ok, warn, FAIL, unknown or none), what
senders do, and what to change (RFC 8461).

Without a record, it also looks where people put it by mistake: at the domain
itself and at _mta_sts.`,
		Example: `  stsscan lookup example.com
  stsscan lookup --probe-mx --fail-on broken example.com    # for a script
  stsscan lookup --json example.com    # the row that a scan would write`,
		Args: atLeast(1, "DOMAIN"),
		RunE: func(cmd *cobra.Command, args []string) error {
			_, err := fail.verdicts()
			if err := cmp.Or(network.check(), mail.check(), err); err != nil {
				return err
			}
			names, err := normalizeAll(args, network.testBed())
			if err != nil {
				return err
			}
			excluded, err := domains.OpenExclusions(network.exclude)
			if err != nil {
				return err
			}
			log := std.console().Log(!verbose, verbose)
			n, err := network.open(cmd.Context(), excluded, log, nil)
			if err != nil {
				return err
			}
			defer n.close()
			config := survey.Config{
				Client: n.client, Suffixes: n.suffixes, Deadline: network.deadline, LastDeadline: network.lastDeadline(),
			}
			if config.Mail, err = mail.config(n); err != nil {
				return err
			}

			verdicts := make(map[codes.Verdict]int64)
			for i, name := range names {
				if excluded.Domain(name) {
					return fmt.Errorf("%s: opted out by %s", name, network.exclude)
				}
				row, err := survey.Domain(cmd.Context(), config, domains.Name{Domain: name, Rank: 1, List: "command line"})
				if err != nil {
					return fmt.Errorf("%s: %w", name, err)
				}
				elsewhere, err := n.lookElsewhere(cmd.Context(), row, network.deadline)
				if err != nil {
					return fmt.Errorf("%s: %w", name, err)
				}
				verdicts[codes.Verdict(row.Verdict)]++
				if asJSON {
					err = writeLookup(std.out, row, elsewhere)
				} else {
					if i > 0 {
						fmt.Fprintln(std.out)
					}
					err = explain.WritePage(std.out, row, elsewhere, terminal.Colours(std.out))
				}
				if err != nil {
					return err
				}
			}
			return fail.judge(verdicts)
		},
	}
	groupEveryday.addTo(cmd.Flags(), func(flags *pflag.FlagSet) {
		flags.BoolVar(&asJSON, "json", false, "print the row as JSON")
	})
	network.register(cmd.Flags())
	mail.register(cmd.Flags(), extentAll)
	fail.register(cmd.Flags())
	groupEveryday.addTo(cmd.Flags(), func(flags *pflag.FlagSet) {
		flags.BoolVarP(&verbose, "verbose", "v", false, "log each lookup and each fetch")
		registerLogFormat(flags, std)
	})
	addHelp(cmd.Flags())
	return cmd
}

// lookElsewhere looks where people put a record by mistake, if the row has none.
func (n *network) lookElsewhere(
	ctx context.Context, row *output.Row, deadline time.Duration,
) ([]mtasts.Elsewhere, error) {
	if row.Record != string(codes.RecordAbsent) {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, deadline)
	defer cancel()
	return mtasts.LookupElsewhere(ctx, n.engine, row.Domain)
}

// writeLookup writes a row as JSON. What a search elsewhere found is its last member.
func writeLookup(w io.Writer, row *output.Row, elsewhere []mtasts.Elsewhere) error {
	if elsewhere == nil {
		return output.WriteJSON(w, row)
	}
	var line bytes.Buffer
	if err := output.WriteJSON(&line, row); err != nil {
		return err
	}
	places, err := json.Marshal(elsewhere)
	if err != nil {
		return fmt.Errorf("write JSON: %w", err)
	}
	columns := bytes.TrimSuffix(line.Bytes(), []byte("}\n"))
	if _, err := fmt.Fprintf(w, "%s,\"elsewhere\":%s}\n", columns, output.Escaped(places)); err != nil {
		return fmt.Errorf("write JSON: %w", err)
	}
	return nil
}

// normalizeAll normalises the domains of a command line.
func normalizeAll(args []string, specialUse bool) ([]string, error) {
	rules := domains.Rules{AllowSpecialUse: specialUse}
	var names []string
	for _, arg := range args {
		name, err := rules.Normalize(arg)
		if err != nil {
			return nil, usage(err)
		}
		names = append(names, name)
	}
	return names, nil
}
