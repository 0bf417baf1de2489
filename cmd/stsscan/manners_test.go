package main

import (
	"testing"
	"time"

	"github.com/spf13/pflag"

	"stsscan/internal/egress"
)

func TestMannersFlags(t *testing.T) {
	none := egress.NoManners()
	waits := func(m egress.Manners) egress.Manners {
		m.Queue, m.MaxWait = 8, 5*time.Second
		return m
	}
	usual := waits(egress.Manners{HostConnections: 2, HostRate: 2, NetworkConnections: 16, NetworkRate: 16,
		MaxRetryAfter: 10 * time.Minute, SlowTime: 10 * time.Minute})
	for _, c := range []struct {
		args    []string
		testBed bool
		want    egress.Manners
	}{
		{nil, false, usual},
		{nil, true, waits(none)},
		{[]string{"--host-rate=50"}, true, func() egress.Manners { m := waits(none); m.HostRate = 50; return m }()},
		{[]string{"--host-rate=50"}, false, func() egress.Manners { m := usual; m.HostRate = 50; return m }()},
		{[]string{"--slow-wait=1m"}, true, func() egress.Manners { m := waits(none); m.SlowTime = time.Minute; return m }()},
		{[]string{"--host-connections=2", "--network-rate=3"}, true, func() egress.Manners {
			m := waits(none)
			m.HostConnections, m.NetworkRate = 2, 3
			return m
		}()},
		{[]string{"--host-connections=0", "--host-rate=0", "--network-connections=0", "--network-rate=0", "--retry-after=0", "--slow-wait=0"}, false, waits(none)},
		{[]string{"--host-queue=0", "--host-wait=0"}, false, func() egress.Manners { m := usual; m.Queue, m.MaxWait = -1, -1; return m }()},
	} {
		var f mannersFlags
		flags := pflag.NewFlagSet("", pflag.ContinueOnError)
		f.register(flags)
		f.registerScan(flags)
		if err := flags.Parse(c.args); err != nil {
			t.Fatal(err)
		}
		if err := f.check(); err != nil {
			t.Error(c.args, err)
		}
		if got := f.manners(c.testBed, 1); got != c.want {
			t.Errorf("%v, test bed %v: %+v, want %+v", c.args, c.testBed, got, c.want)
		}
	}
	for _, f := range []mannersFlags{
		{hostRate: -1}, {hostQueue: -1}, {retryAfter: -time.Second}, {hostConnections: 1 << 40},
	} {
		if f.check() == nil {
			t.Errorf("%+v: no error", f)
		}
	}
}
