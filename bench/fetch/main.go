// Command fetch measures what the retrieval of a policy costs: one HTTPS request
// on a connection of its own, with the certificate verified. Server and client
// are two processes, so that bench/measure can charge each its own time.
//
//	fetch certificates --dir DIR --hosts 2000
//	fetch serve --dir DIR --kind ecdsa --listen 127.0.0.1:0
//	fetch get --dir DIR --addr 127.0.0.1:8443 --client egress --fetches 2000
//	fetch curl --dir DIR --addr 127.0.0.1:8443 --fetches 2000 > config
//
// The chains are shaped like those of Let's Encrypt: a leaf with a P-256 key,
// an intermediate and a root with P-384 keys; or RSA, 2048 bits and 4096 bits for
// the root. Each host has a leaf of its own.
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
	commands := map[string]func(options) error{"certificates": writeCertificates, "serve": serve, "get": get, "curl": writeCurlConfig}
	if len(args) == 0 || commands[args[0]] == nil {
		return errors.New("say certificates, serve, get or curl")
	}
	var o options
	flags := flag.NewFlagSet(args[0], flag.ContinueOnError)
	flags.StringVar(&o.dir, "dir", "", "`directory` of the certificates")
	flags.StringVar(&o.kind, "kind", "ecdsa", "of the chain that is served: ecdsa or rsa")
	flags.StringVar(&o.listen, "listen", "127.0.0.1:0", "`address` of the server")
	flags.StringVar(&o.addr, "addr", "", "`address` of the server, for who asks it")
	flags.StringVar(&o.client, "client", "egress", "egress, egress-full (without memory of chains) or http (net/http as it comes)")
	flags.IntVar(&o.hosts, "hosts", 2000, "`number` of hosts with a certificate")
	flags.IntVar(&o.rootBits, "root-bits", 4096, "length of the RSA root's key")
	flags.IntVar(&o.fetches, "fetches", 2000, "`number` of policies to get, each of another host where there are as many")
	flags.IntVar(&o.parallel, "parallel", 64, "`number` of fetches at a time")
	if err := flags.Parse(args[1:]); err != nil {
		return err
	}
	if o.dir == "" || flags.NArg() > 0 || o.hosts < 1 || o.fetches < 1 || o.parallel < 1 {
		return fmt.Errorf("%s: wants --dir, numbers above zero and no other words", args[0])
	}
	return commands[args[0]](o)
}

// domain is that of the i-th host.
func domain(i int) string { return fmt.Sprintf("d%d.example.com", i) }
