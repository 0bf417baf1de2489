# The zones of .ci/realservers: signed, in NSD, behind Unbound. It sources this file.

zone_of() { # NAME: the zone that it is in
	local name=$1
	while [ ! -e "$work/zones/$name.zone" ]; do
		case $name in
		*.*) name=${name#*.} ;;
		*) name=. ;;
		esac
	done
	echo "$name"
}

# add NAME RECORDS adds records, separated by " & ", with owners relative to NAME.
add() { printf '$ORIGIN %s.\n%s\n' "$1" "${2// & /$'\n'}" >>"$work/zones/$(zone_of "$1").zone"; }

# begin_zones makes the files of the zones, with the records that every zone has.
begin_zones() {
	local zone addr dot _
	while IFS=$separator read -r zone _ addr _; do
		dot=${zone%.}.
		if [ "$zone" = stsscan-canary.example ]; then
			sed "s/^\$TTL.*/&\n\$ORIGIN $dot/; s/192.0.2.53/$addr/; s/192.0.2.1\t*$/22.3.0.53/" deploy/canary.zone
		else
			printf '$ORIGIN %s\n$TTL 300\n@ SOA ns hostmaster 1 7200 3600 1209600 60\n@ NS ns\nns A %s\n' "$dot" "$addr"
		fi >"$work/zones/$zone.zone"
	done < <(fields zones)
}

# add_names adds the cases of names.
add_names() {
	local domain records says record policy words long
	long=$(printf '"%0250d" ' {1..8})
	while IFS=$separator read -r domain records says; do
		read -r record words <<<"$says"
		policy=
		[ "$record" != valid ] || policy=valid
		if [[ $words =~ ^[a-z]+:[a-z_]+ ]]; then policy=${BASH_REMATCH[0]} words=${words#"$policy"}; fi
		[ "$record" = - ] || expect "$domain" "$record" "$policy" "$words"
		[ -n "$records" ] || continue
		add "$domain" "${records//LONG/$long}"
		[ "$policy" != valid ] || [[ $records =~ (^|& )(mta-sts|\*) ]] || add "$domain" "mta-sts A 22.1.0.1"
		[ "$record" = - ] || [[ $records =~ @\ MX ]] || add "$domain" "@ MX 10 mx.example.net."
	done < <(fields names)
}

# end_zones signs the zones and delegates each from its parent.
end_zones() {
	local zone signed addr odd key
	mkdir "$work/signed" "$work/keys"
	cd "$work/keys"
	while IFS=$separator read -r zone signed addr odd; do
		local file=$work/zones/$zone.zone flags=() ds=""
		if [ "$signed" != no ]; then
			[ "$signed" = nsec ] || flags=(-n)
			[ "$odd" != expired ] || flags+=(-i "$(date -d '-400 days' +%Y%m%d)" -e "$(date -d '-370 days' +%Y%m%d)")
			key=$(ldns-keygen -a ECDSAP256SHA256 -k "$zone")
			ds=$(cut -f 4- "$key.ds")
			ldns-signzone "${flags[@]}" -o "$zone" -f "$work/signed/$zone.zone" "$file" "$key" || fail "ldns-signzone $zone"
			[ "$zone" != . ] || cp "$key.ds" "$work/anchor"
		fi
		case $odd in
		altered)
			sed -i 's/id=original/id=changed/; s/22\.1\.0\.2$/22.1.0.1/; s/of this record is wrong/of this is wrong/' \
				"$work/signed/$zone.zone" ;;
		alien) ds=$(sed -E 's/ 13 / 200 /' <<<"$ds") ;;
		esac
		[ "$signed" != no ] && [ "$odd" != stripped ] || cp "$file" "$work/signed/$zone.zone"
		[ "$odd" != lame ] || rm "$work/signed/$zone.zone"
		[ "$zone" != . ] || continue
		local parent=${zone#*.}
		[ "$parent" != "$zone" ] || parent=.
		{
			printf '$ORIGIN %s.\n@ NS ns\nns A %s\n' "$zone" "$addr"
			[ -z "$ds" ] || printf '@ DS %s\n' "$ds"
		} >>"$work/zones/$parent.zone"
	done < <(fields zones)
	cd - >/dev/null
}

# serve_zones starts NSD, one for each address, and Unbound.
serve_zones() {
	local addr zone _
	for addr in $(fields zones | cut -d "$separator" -f 3 | sort -u); do
		{
			cat <<-END
				server:
					ip-address: $addr
					username: ""
					database: ""
					pidfile: ""
					zonesdir: "$work/signed"
					xfrdfile: "$work/nsd-$addr.xfrd"
					zonelistfile: "$work/nsd-$addr.list"
				remote-control:
					control-enable: no
			END
			fields zones | while IFS=$separator read -r zone _ at _; do
				[ "$at" = "$addr" ] && [ -e "$work/signed/$zone.zone" ] || continue
				printf 'zone:\n\tname: "%s"\n\tzonefile: "%s.zone"\n' "$zone" "$zone"
			done
		} >"$work/nsd-$addr.conf"
		grep -q '^zone:' "$work/nsd-$addr.conf" || continue
		nsd -d -c "$work/nsd-$addr.conf" >"$work/nsd-$addr.log" 2>&1 &
	done
	printf '. NS ns.\nns. A 22.53.0.1\n' >"$work/hints"
	{
		sed '/auto-trust-anchor/d' deploy/unbound.conf
		cat <<-END
				directory: "$work"
				chroot: ""
				username: ""
				pidfile: ""
				use-syslog: no
				logfile: ""
				do-daemonize: no
				root-hints: "$work/hints"
				trust-anchor-file: "$work/anchor"
			remote-control:
				control-enable: no
		END
	} >"$work/unbound.conf"
	unbound -d -c "$work/unbound.conf" >"$work/unbound.log" 2>&1 &
}
