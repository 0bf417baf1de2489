package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/net/publicsuffix"

	"stsscan/internal/config"
	"stsscan/internal/domains"
	"stsscan/internal/durable"
	"stsscan/internal/egress"
	"stsscan/internal/output"
	"stsscan/internal/pipeline"
)

// takeOver finds the whole parts of this shard. Damaged and missing ones are scanned again, but their policies
// not before --pass-delay has passed, as the log of their surveys says.
func (r *runRecord) takeOver(ctx context.Context) error {
	listed := make(map[int]*output.PartInfo)
	for _, info := range r.before().Parts {
		listed[info.Part] = &info
	}
	logged := time.Now()
	for k := range r.plan.Parts {
		if !r.owns(k) {
			continue
		}
		if ctx.Err() != nil {
			return exitOf(errStopped)
		}
		if time.Since(logged) > takeOverInterval {
			logged = time.Now()
			r.damage.log.Info("the parts that are there are read", "part", k, "of", r.plan.Parts)
		}
		info, whole, err := r.dataset.Accept(k, listed[k])
		if err == nil && !whole && listed[k] != nil {
			err = fmt.Errorf("%s: %w: %w", filepath.Join(r.dir, output.PartName(k)), output.ErrDamaged, fs.ErrNotExist)
		}
		if errors.Is(err, output.ErrDamaged) {
			r.damage.note(err, "it is scanned again")
			err = r.dataset.LogLost(k, time.Now())
		}
		if err != nil {
			return err
		}
		if whole {
			r.add(info)
		}
		if whole && info.Pending == 0 { // killed before it removed the log
			if err := r.dataset.RemoveLog(k); err != nil {
				return err
			}
		}
	}
	return nil
}

// takeOverInterval is how often a scan says how many parts it has read.
const takeOverInterval = 10 * time.Second

// newRecord opens the run directory and finds the whole parts of this shard.
func (j *scanJob) newRecord(
	ctx context.Context, plan *domains.Plan, excluded *domains.ExclusionFile,
) (*runRecord, error) {
	m := &output.Manifest{
		Run:        j.runID,
		Version:    versionNumber(),
		PublicList: publicsuffix.List.String(),
		StartedAt:  time.Now().UTC(),
		Config:     j.settings,
		ConfigFile: j.flags.configFile,
		Shard:      j.shardOf(),
		From:       j.lineage,
		Contact:    j.flags.network.contact,
		Exclusions: plan.Exclusions,
		Plan:       output.Plan{SHA256: plan.SHA256(), PartSize: plan.PartSize, Parts: plan.Parts},
	}
	if j.lineage != nil {
		m.Config["tags"] = config.ListText(plan.Tags)
	}
	for _, in := range plan.Inputs {
		m.Inputs = append(m.Inputs, inputOf(in))
	}
	if j.previous != nil && j.previous.StartedAt.Before(m.StartedAt) { // if not, the clock was wrong
		m.StartedAt = j.previous.StartedAt
	}

	identity, err := j.identity()
	if err != nil {
		return nil, err
	}
	dataset, err := output.Open(j.flags.output, output.Identity{
		Input: plan.SHA256(), Config: identity, Run: j.runID, Version: versionNumber(),
	})
	if err != nil {
		return nil, err
	}
	if err := dataset.Sweep(j.shard.Owns); err != nil {
		return nil, err
	}
	isOurs := func(name string) bool { return name == m.Name() || name == output.CrossCheckName(m.Shard) }
	if err := (durable.Disk{}).Sweep(j.flags.output, isOurs); err != nil {
		return nil, err
	}
	r := &runRecord{
		dir: j.flags.output, plan: plan, owns: j.shard.Owns, dataset: dataset, manifest: m, previous: j.previous,
		excluded: excluded, parts: make(map[int]output.PartInfo), damage: j.damage,
	}
	if err := r.takeOver(ctx); err != nil {
		return nil, err
	}
	return r, nil
}

// inputOf accounts for one list in run.json.
func inputOf(in domains.Input) output.Input {
	words := func(counts map[domains.Reason]int64) map[string]int64 {
		byWord := make(map[string]int64)
		for reason, n := range counts {
			byWord[string(reason)] = n
		}
		return byWord
	}
	return output.Input{
		Name: in.Name, SHA256: in.SHA256, Bytes: in.Bytes, Format: string(in.Format), Entries: in.Entries,
		Rejected: in.Rejected, Reasons: words(in.Reasons), Taken: words(in.Taken), Excluded: in.Excluded,
		Duplicates: in.Duplicates, LeftOut: in.LeftOut, OtherTags: in.OtherTags, Skipped: in.Skipped, Names: in.Names,
	}
}

// identity says what changes the meaning of a row beside its input: the Internet asked, the roots trusted, and
// the questions asked. All parts of a run share it. Defaults are left out, and so is how often and how long
// to ask.
func (j *scanJob) identity() (string, error) {
	var words []string
	if j.flags.network.sim != "" {
		words = append(words, fmt.Sprintf("simulated Internet %s, seed %d", j.flags.network.sim, j.flags.network.seed))
		if j.flags.network.night != 0 {
			words = append(words, fmt.Sprintf("night %d", j.flags.network.night))
		}
	}
	if j.flags.network.roots != "" {
		pem, err := os.ReadFile(j.flags.network.roots)
		if err != nil {
			return "", err
		}
		words = append(words, fmt.Sprintf("roots of SHA-256 %x", sha256.Sum256(pem)))
	}
	for _, flag := range []struct{ name, value string }{
		{"--mx", j.flags.mail.mx}, {"--tlsrpt", j.flags.mail.tlsrpt}, {"--dane", j.flags.mail.dane},
	} {
		if flag.value != "" && flag.value != extentRecord {
			words = append(words, flag.name+" "+flag.value)
		}
	}
	if j.flags.mail.probe {
		words = append(words, "--probe-mx")
	}
	if j.flags.vantage != "" {
		words = append(words, "--vantage "+string(j.flags.vantage))
	}
	return strings.Join(words, ", "), nil
}

// recall tells the network when earlier processes made their last connections.
func (n *network) recall(previous *output.Manifest) {
	if previous == nil {
		return
	}
	var list []egress.Reach
	for _, c := range previous.Connections {
		if c.Last != nil {
			list = append(list, egress.Reach{Port: c.Port, IPv6: c.Family == pipeline.FamilyIPv6, Last: *c.Last})
		}
	}
	n.transport.Recall(list)
}

// recallServed tells the network which addresses showed earlier processes a certificate: an alert there may
// be about the name.
func (n *network) recallServed(ctx context.Context, r *runRecord) error {
	for _, k := range r.numbers() {
		if ctx.Err() != nil {
			return nil // the scan is about to end
		}
		for addr, err := range r.dataset.Served(k) {
			if err != nil {
				return err
			}
			n.transport.RecallServed(addr)
		}
	}
	return nil
}
