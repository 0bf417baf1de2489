// Command dnsx asks as dnsx does: its threads pass one name after another to dnsx's library, retryabledns, with dnsx's
// options. dnsx itself also stores each name first, waits for a rate limiter and prints, so it costs more than this.
//
//	dnsx -l LIST -r ADDRESS [-t THREADS] [-retry N]
package main

import (
	"bufio"
	"flag"
	"fmt"
	"os"
	"sync"
	"sync/atomic"

	"github.com/miekg/dns"
	"github.com/projectdiscovery/retryabledns"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "dnsx:", err)
		os.Exit(1)
	}
}

func run() error {
	list := flag.String("l", "", "`file` of names, one a line")
	at := flag.String("r", "", "`address` of the resolver")
	threads := flag.Int("t", 100, "`number` of names at a time")
	retry := flag.Int("retry", 2, "`number` of attempts")
	flag.Parse()
	client, err := retryabledns.NewWithOptions(retryabledns.Options{BaseResolvers: []string{*at}, MaxRetries: *retry})
	if err != nil {
		return err
	}
	client.TCPFallback = true
	retryabledns.CheckInternalIPs = true

	file, err := os.Open(*list)
	if err != nil {
		return err
	}
	defer file.Close()
	names := make(chan string)
	var unknown atomic.Int64
	var workers sync.WaitGroup
	for range *threads {
		workers.Go(func() {
			for name := range names {
				data, err := client.QueryMultiple(name, []uint16{dns.TypeTXT})
				if err != nil || data == nil || data.StatusCode == "" {
					unknown.Add(1)
				}
			}
		})
	}
	scanner := bufio.NewScanner(file)
	for scanner.Scan() {
		names <- scanner.Text()
	}
	close(names)
	workers.Wait()
	fmt.Printf("{\"unknown\": %d}\n", unknown.Load())
	return scanner.Err()
}
