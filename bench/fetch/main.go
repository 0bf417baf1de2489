// Command fetch retrieves policies for bench/policies: each by one HTTPS request on a connection of its own, with the
// certificate verified. Server and client are two processes, so that bench/measure can tell their CPU times apart.
//
//	fetch certificates --dir DIR --hosts 2000
//	fetch serve --dir DIR --kind ecdsa --listen 127.0.0.1:0
//	fetch get --dir DIR --addr 127.0.0.1:8443 --client egress --fetches 2000
//	fetch curl --dir DIR --addr 127.0.0.1:8443 --fetches 2000 > config
//
// The chains look like those of Let's Encrypt: a leaf with a P-256 key below an intermediate and a root with P-384
// keys; or RSA keys of 2048 bits, with 4096 bits for the root. Each host has a leaf of its own.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
)

// options are the flags; each subcommand uses some of them.
type options struct {
	dir      string
	kind     string
	listen   string
	addr     string
	client   string
	hosts    int
	rootBits int
	fetches  int
	parallel int
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "fetch:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	commands := map[string]func(options) error{
		"certificates": writeCertificates,
		"serve":        serve,
		"get":          get,
		"curl":         writeCurlConfig,
	}
	if len(args) == 0 || commands[args[0]] == nil {
		return errors.New("usage: fetch certificates|serve|get|curl")
	}
	var o options
	flags := flag.NewFlagSet(args[0], flag.ContinueOnError)
	flags.StringVar(&o.dir, "dir", "", "`directory` of the certificates")
	flags.StringVar(&o.kind, "kind", "ecdsa", "kind of chain to serve: ecdsa or rsa")
	flags.StringVar(&o.listen, "listen", "127.0.0.1:0", "`address` of the server")
	flags.StringVar(&o.addr, "addr", "", "`address` of the server, for get and curl")
	flags.StringVar(&o.client, "client", "egress",
		"egress, egress-full (verifies each chain in full) or http (plain net/http)")
	flags.IntVar(&o.hosts, "hosts", 2000, "`number` of hosts with a certificate")
	flags.IntVar(&o.rootBits, "root-bits", 4096, "length of the RSA root's key in bits")
	flags.IntVar(&o.fetches, "fetches", 2000,
		"`number` of policies to get; they repeat only where there are fewer hosts")
	flags.IntVar(&o.parallel, "parallel", 64, "`number` of fetches at a time")
	if err := flags.Parse(args[1:]); err != nil {
		return err
	}
	if o.dir == "" || flags.NArg() > 0 || o.hosts < 1 || o.fetches < 1 || o.parallel < 1 {
		return fmt.Errorf("%s: needs --dir, numbers above zero and no arguments", args[0])
	}
	return commands[args[0]](o)
}

// domain is the domain of host i.
func domain(i int) string { return fmt.Sprintf("d%d.example.com", i) }
