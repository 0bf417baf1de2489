package main

import (
	"os"

	"github.com/spf13/cobra"
)

func newScan(std streams) *cobra.Command {
	var f scanFlags
	cmd := &cobra.Command{
		Use:   "scan -o DIR [flags] LIST...",
		Short: "Scan lists of domains into a directory of Parquet files",
		Long: `scan reads lists of domains (plain, CSV or zone files, also compressed; - is
standard input) and writes one row for each domain to DIR/part-*.parquet.
DIR/run.json says what was asked, how, and what came out. DIR/rejects.jsonl has
the lines that name no domain.

To continue a scan, run the same command again. Damaged or missing files are
reported and made again.

To stop a scan, interrupt it (SIGINT or SIGTERM): it finishes within half a
minute, leaves whole files, and exits with status 3. A second interrupt stops
it at once, with status 130. The same signal again within a second counts as
one.`,
		Example: `  stsscan scan -o run --contact https://example.org/survey tranco.csv.zip
  stsscan scan -o run --sim errors list.txt    # without a network
  stsscan scan -o again --contact a@example.org --from run --only unknown`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if f.network.testBed() && !cmd.Flags().Changed("pass-delay") {
				f.passDelay = 0
			}
			if f.network.testBed() && !cmd.Flags().Changed("max-silence") {
				f.network.preflight.maxSilence = 0
			}
			job := scanJob{flags: f, lists: args, std: std, settings: settings(cmd.Flags())}
			if err := job.check(os.Getenv); err != nil {
				return err
			}
			manifest, err := job.run(cmd.Context())
			if err != nil {
				return err
			}
			return f.fail.judge(manifest.Counts.Verdict)
		},
	}
	f.register(cmd.Flags())
	addHelp(cmd.Flags())
	return cmd
}
