-- What a refusal tells of a quota, and of how the server counts.

-- At once where a limit that is no news refused a call that only a steady refill has room for.
local function learn_window(tier, kept)
  tier.shape, tier.shape_at, tier.doubts = 'window', now - SHAPE_KEPT + (kept or SHAPE_KEPT), nil
end

-- A refused step that names no limit: what was admitted is taken for the limit, for a while. It is
-- what the step went beyond, so one refusal tells it to the whole tier, and is never below the claim.
local function infer_limit(tier, entry, bucket, limits, n, is_above)
  local least, most = math.max(1, math.floor(entry.rpm * UNPROVEN_SHARE)), limits.rpm
  if is_above then
    -- More than the limit may have been admitted where it refilled meanwhile.
    local log, oldest = certain_log(bucket, tier), now
    for i = #(log or {}) - 2, 1, -3 do
      if log[i + 1] > 0 then oldest = log[i] * 1000 end
    end
    local refilled = known_shape(tier) == 'window' and 0 or (now - oldest) / MINUTE * limits.rpm
    least, most, n = limits.rpm, n, n - math.floor(refilled)
  end
  limits.rpm = math.max(least, math.min(most, n))
  tier.limit, tier.limit_at, tier.above = limits.rpm, now - DAY + INFERRED_KEPT, nil
end

-- Once a minute's limit is used, the delay that the server asks for tells how it counts: a steady
-- refill makes room within `refill`, a window when its oldest call leaves it.
local function learn_shape(tier, bucket, refill, cool)
  local oldest = bucket.log and bucket.log[1] or math.floor(now / 1000)
  if cool > 1.5 * refill + 1000 then
    learn_window(tier)
  elseif now - oldest * 1000 < MINUTE / 2 then
    tier.shape, tier.shape_at = 'bucket', now
  end
end

-- A refusal by the per-minute limit of tokens.
local function learn_tokens(model, entry, bucket, lease, limit, cool)
  local tier = tier_of(model, entry)
  local probe = tier.probe and tier.probe.bucket == entry.id and tier.probe or {}
  local asked_shape = probe.kind == 'shape'
  local is_known = limit == (bucket.tpm or entry.tpm)
  if tier.probe == probe or not is_known then tier.probe = nil end
  if limit and limit > 0 then
    if is_known and probe.beyond then tier.failed_count_at = now end
    learn_limit(bucket, entry, 'tpm', limit)
    if asked_shape and is_known then
      learn_window(tier)
    elseif in_window(certain_log(bucket, tier), 2, 0) + lease.tokens > limit then
      learn_shape(tier, bucket, lease.tokens * MINUTE / limit, cool)
    end
  end
  -- As with requests, the mirror takes the server's word: room for this call again after the delay.
  local tpm = bucket.tpm or entry.tpm
  bucket.counted_tpm = tpm
  bucket.tokens_at = now + cool + MINUTE - math.min(MINUTE, lease.tokens * MINUTE / tpm)
  bucket.tokens_since = math.min(bucket.tokens_since or now, now)
end

-- The server named the limit of requests.
local function learn_named(model, entry, bucket, tier, limits, lease, probe, value, cool)
  local news = value ~= limits.rpm
  -- What was on its way when the limit was told could not know of it.
  local is_explained = news or probe or lease.sent <= (tier.limit_since or 0)
  if value ~= tier.limit then tier.limit_since = now end
  learn_limit(bucket, entry, 'rpm', value)
  tier.limit, tier.limit_at, tier.above = value, now, nil
  limits.rpm = value
  if probe and probe.kind == 'shape' and not news then
    learn_window(tier)
  elseif in_window(certain_log(bucket, tier), 1, 0) >= value then
    learn_shape(tier, bucket, MINUTE / value, cool)
  end
  if not is_explained then model.guard = math.min(LONGEST_GUARD, guard_of(model) * 1.5) end
end

-- It named none: what was admitted in the last minute is taken for the limit, for a while.
local function learn_unnamed(entry, bucket, tier, limits, lease, probe, cool)
  local n = in_window(certain_log(bucket, tier), 1, 0)
  if probe and probe.kind == 'shape' then
    -- An inferred limit may be one too many, which a steady refill makes up for before the second time.
    tier.doubts, tier.shape_after = (tier.doubts or 0) + 1, now + cool
    if tier.doubts >= 2 then learn_window(tier, INFERRED_KEPT) end
  elseif probe or tier.inferred_from == entry.id and lease.sent <= tier.inferred_at
    and n >= math.floor(entry.rpm * UNPROVEN_SHARE) then
    tier.inferred_from, tier.inferred_at = entry.id, math.max(tier.inferred_at or 0, lease.sent)
    infer_limit(tier, entry, bucket, limits, n, probe and probe.kind == 'above')
    if request.cool then learn_shape(tier, bucket, MINUTE / limits.rpm, cool) end
  else
    bucket.bare = (bucket.bare or 0) + 1
    local is_inferred = bucket.rpm and now - bucket.rpm_at >= DAY - INFERRED_KEPT
    if bucket.bare >= 2 or is_inferred then
      -- Where it refilled meanwhile, more than the limit was admitted.
      local most = is_inferred and limits.rpm - 1 or limits.rpm
      limits.rpm = math.max(1, math.min(most, n))
      learn_limit(bucket, entry, 'rpm', limits.rpm, now - DAY + INFERRED_KEPT)
    end
  end
end

-- A refusal by the per-minute limit of requests: `value` is the limit it names, or nil.
local function learn_requests(model, entry, bucket, lease, value, cool)
  local tier = tier_of(model, entry)
  local limits = limits_of(entry, bucket, tier)
  local probe = tier.probe and tier.probe.bucket == entry.id and tier.probe or nil
  if probe and probe.beyond and (value or limits.rpm) == limits.rpm then tier.failed_count_at = now end
  tier.proven_occupied = nil
  -- A straggler's refusal that is no news leaves another bucket's probe its verdict.
  if probe or value ~= limits.rpm then tier.probe = nil end
  tier.step, tier.steps = 1, 0
  tier.next_above = now + PROBE_AGAIN
  if value and value > 0 then
    learn_named(model, entry, bucket, tier, limits, lease, probe, value, cool)
  else
    learn_unnamed(entry, bucket, tier, limits, lease, probe, cool)
  end
  -- The server says how long its bucket stays empty: the mirror takes its word.
  local interval = rescaled(bucket, limits.rpm)
  bucket.requests_at = now + cool + (limits.rpm - 1) * interval
  bucket.busy_since = math.min(bucket.busy_since or now, now)
end
