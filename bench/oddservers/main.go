// Command oddservers plays servers that no ordinary name server or web server can be configured to be: denials without
// an SOA, a forwarder that strips replies, slow handshakes and responses, bodies that end without close_notify.
//
//	oddservers --dns 22.53.0.9:53 --forwarder 127.0.0.2:53 --resolver 127.0.0.1:53 --hosts FILE
//
// Each line of FILE is a host: its address and port, the prefix of its certificate files (PREFIX.chain and PREFIX.key;
// - for none), and its behaviour, as in newHost. The command prints a line when all servers listen, and serves until it
// is killed.
package main

import (
	"bufio"
	"flag"
	"fmt"
	"os"
	"strings"
)

func main() {
	dnsAddr := flag.String("dns", "", "`address` of the name server, UDP and TCP")
	forwarder := flag.String("forwarder", "", "`address` of the forwarder that strips authority sections")
	resolver := flag.String("resolver", "", "`address` of the resolver that the forwarder asks")
	hosts := flag.String("hosts", "", "`file` of Policy Hosts")
	flag.Parse()
	if err := serve(*dnsAddr, *forwarder, *resolver, *hosts); err != nil {
		fmt.Fprintln(os.Stderr, "oddservers:", err)
		os.Exit(1)
	}
}

func serve(dnsAddr, forwarder, resolver, hosts string) error {
	failed := make(chan error)
	if dnsAddr != "" {
		if err := serveNames(dnsAddr, failed); err != nil {
			return err
		}
	}
	if forwarder != "" {
		if err := serveForwarder(forwarder, resolver, failed); err != nil {
			return err
		}
	}
	if hosts != "" {
		if err := serveHosts(hosts, failed); err != nil {
			return err
		}
	}
	fmt.Println("listening")
	return <-failed
}

// serveHosts starts the hosts of a file.
func serveHosts(path string, failed chan<- error) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		words := strings.Fields(lines.Text())
		if len(words) < 3 {
			return fmt.Errorf("%s: %q is not an address, a certificate and words", path, lines.Text())
		}
		h, err := newHost(words[1], words[2:])
		if err != nil {
			return fmt.Errorf("%s: %s: %w", path, words[0], err)
		}
		if err := h.listen(words[0], failed); err != nil {
			return err
		}
	}
	return lines.Err()
}
