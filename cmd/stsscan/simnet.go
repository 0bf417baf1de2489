package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"stsscan/internal/durable"
	"stsscan/internal/simnet"
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
		Long: `simnet serves the simulated Internet on loopback sockets until it is
interrupted: DNS on UDP and TCP, and the Policy Hosts behind a SOCKS5 port, which
plays refused, unreachable and silent addresses too. It writes the root
certificate of the simulated authority, and prints the flags with which a scan
reaches it:

  stsscan simnet --model errors --dns 127.0.0.1:5353 --socks 127.0.0.1:1080 --roots roots.pem
  dig @127.0.0.1 -p 5353 TXT _mta-sts.example.com
  curl --socks5-hostname 127.0.0.1:1080 --cacert roots.pem https://mta-sts.example.com/.well-known/mta-sts.txt

The addresses that it hands out look public to the scanner's guard and are
announced nowhere; they are only reached through the SOCKS5 port.

With --truth LIST it serves nothing: it prints what a perfect observer would
conclude about each domain of a list, a domain a line, as JSON lines whose keys
are the columns of the table.`,
		Args: exactly(0, "no arguments"),
		RunE: func(cmd *cobra.Command, args []string) error {
			name := model
			if world != "" {
				if cmd.Flags().Changed("model") {
					return usage(fmt.Errorf("--model and --world exclude each other"))
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
				return writeTruth(cmd.Context(), std, w, truthOf)
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
			fmt.Fprintf(std.err, "the simulated Internet %q, seed %d, until interrupted; reach it with:\n", name, seed)
			fmt.Fprintf(std.out, "--resolvers %s --proxy socks5://%s --roots %s\n", server.DNS, server.SOCKS, rootsFile)
			<-cmd.Context().Done()
			questions, connections := server.Served()
			fmt.Fprintf(std.err, "served %d questions and %d connections\n", questions, connections)
			return nil
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&model, "model", "errors", "`model` of the population: "+strings.Join(simnet.Models(), ", "))
	flags.StringVar(&world, "world", "", "`path` of a world, a folder or a txtar file, instead of a model")
	flags.Uint64Var(&seed, "seed", 1, "seed of the population")
	flags.IntVar(&night, "night", 0, "`night` of the population, from 0")
	flags.StringVar(&truthOf, "truth", "", "print the truth about the domains of this `list` (- is standard input), and exit")
	flags.StringVar(&addrs.DNS, "dns", "127.0.0.1:0", "loopback `address` of the name server")
	flags.StringVar(&addrs.SOCKS, "socks", "127.0.0.1:0", "loopback `address` of the SOCKS5 server")
	flags.StringVar(&rootsFile, "roots", "", "write the root certificate to this `file` (default: a temporary one)")
	return cmd
}
