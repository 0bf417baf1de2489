package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"stsscan/internal/codes"
	"stsscan/internal/domains"
	"stsscan/internal/output"
	"stsscan/internal/pipeline"
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
		Short: "Look up one domain and show everything seen, for people",
		Long: `lookup asks for the record, the policy and the mail side of each domain and shows
what is published, each check with its mark (ok, warn, FAIL, unknown, none), what
senders will do, and what to change (RFC 8461). With --probe-mx it talks to the MX
hosts, with --json it prints the row that a scan would write.`,
		Args: atLeast(1, "DOMAIN"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := network.check(); err != nil {
				return err
			}
			if err := mail.check(); err != nil {
				return err
			}
			if _, err := fail.verdicts(); err != nil {
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
			console := &console{out: std.err}
			log := console.newLogger(!verbose, verbose)
			n, err := network.open(cmd.Context(), excluded, log, nil)
			if err != nil {
				return err
			}
			defer n.close()
			asked, err := mail.mail(n)
			if err != nil {
				return err
			}

			verdicts := make(map[codes.Verdict]int64)
			for i, name := range names {
				if excluded.Domain(name) {
					return fmt.Errorf("%s: opted out by %s", name, network.exclude)
				}
				row, err := n.survey(cmd.Context(), name, &network, asked)
				if err != nil {
					return fmt.Errorf("%s: %w", name, err)
				}
				verdicts[codes.Verdict(row.Verdict)]++
				switch {
				case asJSON:
					err = output.WriteJSON(std.out, row)
				default:
					if i > 0 {
						fmt.Fprintln(std.out)
					}
					err = writePage(std.out, row, colours(std.out))
				}
				if err != nil {
					return err
				}
			}
			return fail.judge(verdicts)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the row as JSON")
	cmd.Flags().BoolVarP(&verbose, "verbose", "v", false, "log each lookup and each fetch")
	network.register(cmd.Flags())
	mail.register(cmd.Flags(), "all")
	fail.register(cmd.Flags())
	return cmd
}

// survey makes the row of one domain.
func (n *network) survey(ctx context.Context, domain string, flags *networkFlags, mail pipeline.Mail) (*output.Row, error) {
	config := pipeline.Config{
		Engine: n.engine, Client: n.client, Mail: mail, Deadline: flags.deadline, LastDeadline: flags.lastDeadline(),
	}
	return pipeline.Survey(ctx, config, domains.Name{Domain: domain, Rank: 1, List: "command line"})
}

// normalizeAll normalises the domains of a command line.
func normalizeAll(args []string, specialUse bool) ([]string, error) {
	rules := domains.Rules{AllowSpecialUse: specialUse}
	var names []string
	for _, arg := range args {
		name, err := rules.Normalize(arg)
		if err != nil {
			return nil, usage(fmt.Errorf("%q: %w", arg, err))
		}
		names = append(names, name)
	}
	return names, nil
}
