package pipeline

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/cenkalti/backoff/v5"

	"stsscan/internal/codes"
	"stsscan/internal/domains"
	"stsscan/internal/egress"
	"stsscan/internal/mtasts"
	"stsscan/internal/output"
	"stsscan/internal/resolver"
)

// localTries is how often a domain is surveyed while faults of this machine get
// in the way; the waits between add up to about a quarter of a minute. After
// manyFaults surveys in a row that it did not help it is once: what lasts would
// else take that long for each domain.
const (
	localTries = 8
	manyFaults = 256
)

// How long a survey waits for its turn at a Policy Host: one that comes back for
// what was put off, and the only one there is. Others are put off by the
// transport's own limits.
const (
	patienceAgain = time.Minute
	patienceAlone = 24 * time.Hour
)

// complaintInterval is how often faults of this machine are logged.
const complaintInterval = 5 * time.Second

// survey surveys one domain until it has a row. A fault of this machine is
// never a finding: the domain is asked again, a few times now, and then later.
func (r *run) survey(j job) {
	defer r.Stats.surveying.Add(-1)
	defer r.budget.giveBack(j.octets)
	name := r.slots.name(j.slot)
	p := r.slots.part(j.slot)
	before, log := p.of(name.Rank), p.surveys()
	if row, err := log.found(name); row != nil || err != nil {
		r.keep(j.slot, row, err)
		return
	}
	first := &j
	var told, partial *output.Row // up to the policy, and as far as it could be told
	if before != nil {
		told = before.told
	}
	stalls := r.stalls.count()
	var over error // no upstream will answer any more
	row, err := backoff.Retry(r.work, func() (*output.Row, error) {
		if err := r.await(); err != nil && r.work.Err() == nil {
			over = err
			return nil, backoff.Permanent(err)
		}
		if told == nil { // a policy is not asked for again because of what came after it
			seen, err := r.tell(name, first, before, log)
			first = nil // a second try asks the question again
			if seen != nil {
				partial = seen
			}
			if err != nil {
				return nil, passing(err)
			}
			told = seen
		}
		row := *told
		row.Findings = slices.Clip(row.Findings)
		if err := r.conclude(&row, before); err != nil {
			return nil, passing(err)
		}
		if row.Pending == string(codes.PendingManners) && told.Pending == "" {
			mx := row.MX
			row = *told
			fillProbesPutOff(&row, mx)
		}
		r.excuse(&row, stalls)
		if err := r.settle(&row, before); err != nil {
			return nil, err
		}
		return &row, context.Cause(r.work) // whatever failed, that may be why
	}, backoff.WithMaxTries(r.triesNow()), backoff.WithNotify(func(err error, _ time.Duration) {
		r.complain(name.Domain, err)
	}))
	switch {
	case err == nil:
		r.faults.Store(0)
	case r.cutShort():
		if told == nil && partial != nil && partial.Record == string(codes.RecordUnknown) {
			partial = nil // there is no answer yet
		}
		if row = r.interrupted(partial, before); row == nil {
			return // the writer knows what to do with such names
		}
	case over != nil, r.work.Err() != nil:
		r.fail(fmt.Errorf("%w: %s: %w", ErrLocalFault, name.Domain, err))
		return
	default:
		row = r.postpone(cmp.Or(told, partial), before, err)
	}
	if row.ObservedAt.IsZero() {
		row.ObservedAt = r.observed()
	}
	r.keep(j.slot, row, log.done(row))
}

// passing is err as a reason to try again: where an address is out of reach, that
// would tell nothing more.
func passing(err error) error {
	if outOfReach(err) {
		return backoff.Permanent(err)
	}
	return err
}

func outOfReach(err error) bool {
	var reach interface{ OutOfReach() bool }
	return errors.As(err, &reach) && reach.OutOfReach()
}

// triesNow is how often the next domain may be surveyed.
func (r *run) triesNow() uint {
	if r.faults.Load() >= manyFaults {
		return 1
	}
	return r.tries
}

// postpone is the provisional row of a domain that a fault of this machine got in
// the way of, after what was told of it.
func (r *run) postpone(told *output.Row, before *earlier, err error) *output.Row {
	if !outOfReach(err) {
		r.faults.Add(1)
	}
	row := *told
	row.Findings = slices.Clip(row.Findings)
	row.Pending = string(codes.PendingLocal)
	row.ObservedAt = r.Now().UTC().Truncate(time.Microsecond) // to be compared with connections
	before.amend(&row)
	r.complain(row.Domain, err)
	if l, again := r.Chunks.(*later); again {
		l.met(fmt.Errorf("%s: %w", row.Domain, err))
	}
	return &row
}

// keep finishes a row unless its log could not be read or written.
func (r *run) keep(slot int64, row *output.Row, err error) {
	if err != nil {
		r.fail(fmt.Errorf("the log of surveys: %w", err))
		return
	}
	r.finish(slot, row)
}

// complain counts a fault of this machine and says so, once in a while: when one
// domain meets it, thousands do.
func (r *run) complain(domain string, err error) {
	faults := r.Stats.localFaults.Add(1)
	now := 1 + int64(time.Since(r.began))
	last := r.complained.Load()
	if last > 0 && time.Duration(now-last) < complaintInterval || !r.complained.CompareAndSwap(last, now) {
		return
	}
	r.Log.Warn("a fault of this machine: domains are asked again", "times", faults, "last", domain, "error", err)
}

// story is one domain's survey: the record, and the policy where there is a
// valid record. first is what the sieve heard, nil to ask the question here. The
// error is a fault of this machine.
func (r *run) story(name *domains.Name, first *job) (*output.Row, error) {
	row, err := r.tell(name, first, nil, nil)
	if err != nil {
		return nil, err
	}
	return row, r.conclude(row, nil)
}

// conclude surveys the mail side of a domain, unless its row is provisional
// anyway.
func (r *run) conclude(row *output.Row, before *earlier) error {
	if row.Pending != "" {
		return nil
	}
	return r.mail(row, before)
}

// tell is the story up to the policy. It logs that the policy is asked for. With
// an error the row is what was known of the domain by then, or nil.
func (r *run) tell(name *domains.Name, first *job, before *earlier, log *surveyLog) (*output.Row, error) {
	row := r.newRow(name)
	began, result := r.Now(), "lookuperror"
	if r.Client.Observe != nil {
		defer func() { r.Client.Observe(result, r.Now().Sub(began)) }()
	}

	var asked resolver.Trace
	if first != nil && (first.answer.Outcome == resolver.NXDOMAIN || first.answer.Outcome == resolver.NODATA) {
		var lean output.Lean // the mail side of every domain is asked for
		r.fillNegative(&lean, name, &first.answer)
		row = whole(&lean, name)
		if upstream := first.answer.Trace.Upstream; upstream.IsValid() {
			row.Resolver = upstream.String()
		}
		return row, nil
	}
	lookup, err := r.lookup(name.Domain, first, &asked)
	if err != nil && r.cutShort() {
		return nil, err
	}
	fillLookup(row, lookup, err, asked)
	if err != nil {
		return row, localOnly(err)
	}
	row.Policy = string(codes.PolicyUnknown)
	if r.work.Err() != nil {
		return row, context.Cause(r.work)
	}
	if ask, err := log.begin(row, r.Now(), r.PassDelay); !ask || err != nil {
		if err != nil {
			r.fail(fmt.Errorf("the log of surveys: %w", err))
		}
		return row, err
	}
	before.begin()

	ctx := egress.WithTimeout(r.connecting(before.failedAt()), r.deadline(before))
	ctx = egress.WithPass(ctx, int(before.nextPass()))
	var dialled egress.Trace
	var host mtasts.Host
	result = "fetcherror"
	fetch, err := r.Client.FetchPolicy(withHost(egress.WithTrace(ctx, &dialled), &host), name.Domain)
	if putOff(err) {
		before.putOff(err)
		fillPutOff(row, host)
		return row, nil
	}
	if local(err) || err != nil && r.work.Err() != nil {
		if failed := new(egress.Error); errors.As(err, &failed) && !dialled.Addr.IsValid() {
			before.spared()
		}
		fillUnasked(row, host)
		return row, err
	}
	fillFetch(row, fetch, err, host, dialled)
	if err == nil {
		result = "ok"
	}
	return row, nil
}

// lookup ends the lookup that the sieve began.
func (r *run) lookup(domain string, first *job, asked *resolver.Trace) (mtasts.Lookup, error) {
	ctx := resolver.WithTrace(r.work, asked)
	if first != nil {
		*asked = first.answer.Trace
	}
	switch {
	case first == nil, first.answer.Outcome == resolver.Reply && first.reply == nil:
		return r.Client.LookupRecord(ctx, domain)
	case first.answer.Outcome == resolver.Reply:
		return r.Client.LookupFrom(ctx, first.reply)
	}
	return mtasts.LookupFailed(domain, first.answer.Err)
}

// localOnly is err if it is a fault of this machine, and nil if not.
func localOnly(err error) error {
	if local(err) {
		return err
	}
	return nil
}

// local reports whether err is a fault of this machine, or of a run that is
// ending: it says nothing about the domain.
func local(err error) bool {
	var fault interface{ Local() bool }
	return errors.Is(err, context.Canceled) || errors.As(err, &fault) && fault.Local()
}

// Survey makes the row of one domain: the record, and the policy where there is
// a valid record. The deadline of the lookup is that of ctx; of c, only Engine,
// Client, Mail, Deadline, Now and Log count. The error is a fault of this machine, or
// that of ctx; an address that is out of reach is so by its own fault, where nothing
// shows that it is ours.
func Survey(ctx context.Context, c Config, name domains.Name) (*output.Row, error) {
	r := &run{Config: c.withDefaults(), rowMaker: newRowMaker(), work: ctx, patience: patienceAlone, last: true}
	row, err := r.story(&name, nil)
	if err != nil {
		return nil, err
	}
	row.ObservedAt = r.observed()
	return row, nil
}
