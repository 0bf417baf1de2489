package pipeline

import (
	"context"

	"stsscan/internal/domains"
	"stsscan/internal/output"
)

// story is one domain's survey, without a log and without another try. The error
// is a fault of this machine.
func (r *surveyor) story(name *domains.Name, first *firstAnswer) (*output.Row, error) {
	always := func(*output.Row) (bool, error) { return true, nil }
	s := &survey{surveyor: r, name: name, before: new(earlier), mayAsk: always}
	row, err := s.tell(first)
	if err != nil {
		return nil, err
	}
	return row, s.conclude(row)
}

// Survey makes the row of one domain: the record, and the policy where there is
// a valid record. The deadline of the lookup is that of ctx; of c, only Engine,
// Client, Mail, Deadline (for the mail side), LastDeadline, Now and Log count. The error is a fault of this machine, or
// that of ctx; an address that is out of reach is so by its own fault, where nothing
// shows that it is ours.
func Survey(ctx context.Context, c Config, name domains.Name) (*output.Row, error) {
	r := newSurveyor(c.withDefaults(), ctx)
	r.patience, r.last, r.alone = patienceAlone, true, true
	row, err := r.story(&name, nil)
	if err != nil {
		return nil, err
	}
	row.ObservedAt = r.rows.observed()
	return row, nil
}
