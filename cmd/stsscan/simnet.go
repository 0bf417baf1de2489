package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"stsscan/internal/durable"
	"stsscan/internal/simnet"
	"stsscan/internal/verify"
)

func newSimnet(std streams) *cobra.Command {
	var (
		model, world string
		seed         uint64
		night        int
		truthOf      string
		addrs        simnet.Addrs
		rootsFile    string
	)
	cmd := &cobra.Command{
		Use:   "simnet",
		Short: "Serve the simulated Internet on loopback for other programs",
		Long: `simnet serves the simulated Internet on loopback until it is interrupted: DNS
over UDP and TCP, and the Policy Hosts and mail servers behind a SOCKS5 port,
which also plays addresses that refuse, are unreachable or stay silent. It
writes the root certificate of the simulated authority and prints the flags
with which a scan reaches it.

Its addresses look public, but only the SOCKS5 port reaches them. For example:

  dig @127.0.0.1 -p 5353 TXT _mta-sts.example.com
  curl --socks5-hostname 127.0.0.1:1080 --cacert roots.pem \
    https://mta-sts.example.com/.well-known/mta-sts.txt

With --truth LIST it serves nothing. It prints what a perfect observer would
conclude about each domain of the list, as JSON lines whose keys are columns of
the table.`,
		Example: `  stsscan simnet
  stsscan simnet --dns 127.0.0.1:5353 --socks 127.0.0.1:1080 --roots roots.pem
  stsscan simnet --model top --truth list.txt`,
		Args: exactly(0, "no arguments"),
		RunE: func(cmd *cobra.Command, args []string) error {
			name := model
			if world != "" {
				if cmd.Flags().Changed("model") {
					return usage(errors.New("--model and --world: leave out one of them"))
				}
				name = world
			}
			if rootsFile != "" {
				if err := durable.CheckOutput(rootsFile); err != nil {
					return fmt.Errorf("--roots: %w", err)
				}
			}
			w, err := openWorld(name, seed, night)
			if err != nil {
				return err
			}
			defer w.Close()
			if truthOf != "" {
				return verify.WriteTruth(cmd.Context(), std.out, w, truthOf, std.in)
			}
			server, err := w.Listen(cmd.Context(), addrs)
			if err != nil {
				return err
			}
			defer server.Close()
			if rootsFile == "" {
				dir, err := os.MkdirTemp("", "stsscan-simnet-")
				if err != nil {
					return err
				}
				defer os.RemoveAll(dir)
				rootsFile = filepath.Join(dir, "roots.pem")
			}
			if err := durable.WriteOutput(rootsFile, w.RootPEM()); err != nil {
				return err
			}
			console := std.console()
			console.Say(fmt.Sprintf("serving the simulated Internet %q, seed %d, until interrupted; reach it with:", name, seed))
			fmt.Fprintf(std.out, "--resolvers %s --proxy socks5://%s --roots %s\n", server.DNS, server.SOCKS, rootsFile)
			<-cmd.Context().Done()
			questions, connections := server.Served()
			console.Say(fmt.Sprintf("served %d questions and %d connections", questions, connections))
			return nil
		},
	}
	groupEveryday.addTo(cmd.Flags(), func(flags *pflag.FlagSet) {
		flags.StringVar(&model, "model", demoModel, "`MODEL`: serve this population: "+modelNames())
		flags.StringVar(&world, "world", "", "`PATH`: serve this world instead: a folder or a txtar file")
		registerWorld(flags, &seed, &night)
		flags.StringVar(&addrs.DNS, "dns", anyPort, "`ADDRESS`: loopback address of the name server")
		flags.StringVar(&addrs.SOCKS, "socks", anyPort, "`ADDRESS`: loopback address of the SOCKS5 server")
		flags.StringVar(&rootsFile, "roots", "", "`FILE`: write the root certificate here; default a temporary one")
		flags.StringVar(&truthOf, "truth", "", "`LIST`: print the truth about its domains and exit; - is standard input")
		registerLogFormat(flags, std)
	})
	addHelp(cmd.Flags())
	return cmd
}
