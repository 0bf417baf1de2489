package main

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"stsscan/inputs"
	"stsscan/internal/durable"
	"stsscan/internal/output"
	"stsscan/internal/terminal"
	"stsscan/internal/verify"
)

// Limits of the demo: the simulated Internet answers at once or never, so short waits suffice.
const (
	demoTimeout  = 2 * time.Second
	demoDeadline = 10 * time.Second
	demoDelay    = 2 * time.Second // before a second pass, where this machine was too busy
)

func newDemo(std streams) *cobra.Command {
	var f scanFlags
	f.register(pflag.NewFlagSet("scan", pflag.ContinueOnError), std) // the defaults of scan, except:
	f.network.sim, f.network.timeout, f.network.deadline = demoModel, demoTimeout, demoDeadline
	f.network.retries, f.network.inFlight, f.network.connections = 1, sharedInFlight, 128
	f.network.preflight.maxPause, f.passes, f.passDelay = time.Minute, 1, demoDelay
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Run a whole scan against the simulated Internet",
		Long: `demo scans a real list of mail providers' domains against the simulated
Internet (model errors) and compares each row with the truth. Nothing leaves
this machine: DNS runs over loopback sockets, and the Policy Hosts live in the
same process. It exits with status 1 if a row differs from the truth.`,
		Example: `  stsscan demo
  stsscan demo --limit 1000 -o demo-run
  stsscan demo --seed 2`,
		Args: exactly(0, "no arguments"),
		RunE: func(cmd *cobra.Command, args []string) error {
			const list = "mail-providers.txt" // in the run directory
			job := scanJob{flags: f, lists: []string{list}, std: std}
			job.flags.output = cmp.Or(job.flags.output, ".") // until it is made
			if err := job.checkFlags(os.Getenv); err != nil {
				return err
			}
			if f.output == "" {
				dir, err := os.MkdirTemp("", "stsscan-demo-")
				if err != nil {
					return err
				}
				f.output = dir
			}
			job.flags.output, job.lists = f.output, []string{filepath.Join(f.output, list)}
			job.settings = settings(cmd.Flags())
			if err := durable.MakeDir(f.output); err != nil {
				return err
			}
			if err := os.WriteFile(job.lists[0], inputs.MailProviders(), 0o644); err != nil {
				return err
			}
			if err := job.checkLists(); err != nil {
				return err
			}
			began := time.Now()
			if _, err := job.run(cmd.Context()); err != nil {
				return err
			}
			scanned := time.Since(began)

			world, err := openWorld(f.network.sim, f.network.seed, 0)
			if err != nil {
				return err
			}
			defer world.Close()
			report, err := verify.Run(f.output, verify.Options{World: world})
			if err != nil {
				return err
			}
			if !f.quiet {
				fmt.Fprintf(std.out, "scanned in %v; rows that differ from the truth: %s\n",
					scanned.Round(time.Second/10), output.Grouped(report.Differ))
				fmt.Fprintf(std.out, "the table is in %s; see it with: stsscan cat %s | head\n", f.output, f.output)
			}
			return reportError(report)
		},
	}
	groupEveryday.addTo(cmd.Flags(), func(flags *pflag.FlagSet) {
		flags.StringVarP(&f.output, "output", "o", "",
			"`DIR`: write the run to this directory; default a new temporary one")
		flags.Int64Var(&f.lists.limit, "limit", 0, "`N`: scan only the first N domains")
		flags.Uint64Var(&f.network.seed, "seed", defaultSeed, "`N`: seed of the simulated Internet")
		flags.StringVar(&f.progress, "progress", string(terminal.ModeAuto), progressUsage)
		registerLogFormat(flags, std)
		flags.BoolVarP(&f.quiet, "quiet", "q", false, "print warnings and errors only")
	})
	addHelp(cmd.Flags())
	return cmd
}
