-- What is known of a quota's size and shape, per model and configured limit (a tier).
--
-- A configured limit is a claim until the server has borne it out. Up to four fifths of it are used
-- at once; beyond, one small step at a time goes ahead and the others wait for its verdict.
-- Refusals come fast: none after `silence` milliseconds, although the server has answered others
-- since, is a yes; so is none after LONGEST_VERDICT. A 429 names the true limit (`quotaValue`),
-- which then holds for the tier. Whether the server refills steadily ("bucket") or counts the last
-- 60 s ("window") is found out by one call in the same manner, and so is whether the calls that the
-- server failed at take room in it.
local UNPROVEN_SHARE = 0.8
local SILENCE, LONGEST_VERDICT, LOOK_AGAIN = 500, 2000, 250
local GUARD, LONGEST_GUARD, ON_THE_WAY = 400, 3000, 100
local FIRST_STEP = { ramp = 2, above = 1, shape = 1 }
local SHAPE_KEPT = 6 * 3600000
local PROBE_AGAIN = 600000
local INFERRED_KEPT = 600000
local STEPS = 6

local tier_names = {}

local function tier_of(model, entry)
  local name = tier_names[entry.rpm]
  if not name then
    name = tostring(entry.rpm)
    tier_names[entry.rpm] = name
  end
  model.tiers = model.tiers or {}
  local tier = model.tiers[name]
  if not tier then
    tier = {}
    model.tiers[name] = tier
  end
  return tier
end

-- When what was sent at `at` has its verdict, by silence: now, or the moment to look again.
local function verdict_slot(model, at)
  local silence = SILENCE + math.min(1000, model.lag or 0)
  if now < at + silence then return at + silence end
  if (model.answered_sent or 0) >= at or (model.answered_at or 0) >= at + silence / 2 then return now end
  if now >= at + LONGEST_VERDICT then return now end
  return math.min(now + LOOK_AGAIN, at + LONGEST_VERDICT)
end

-- The guard is 0.4 s, or more with the worst lag from decision to sending seen lately, in steps of
-- 50 ms so that a slot once told stays the same.
local function guard_of(model)
  local lag = math.ceil((model.lag or 0) / 50) * 50
  return math.min(LONGEST_GUARD, math.max(model.guard or GUARD, 300 + lag))
end

-- The guard of a token bucket's refill: once it is known how late the calls that began it were sent,
-- only their way to the server is left. A refusal that nothing explains makes it wide again.
local function refill_guard(bucket, model, guard)
  local first = bucket.first
  if not first or first.open > 0 then return guard end
  return math.min(guard, math.max(model.guard or 0, ON_THE_WAY + first.lag))
end

local function known_shape(tier)
  if tier.shape and now - tier.shape_at < SHAPE_KEPT then return tier.shape end
  return nil
end

-- What is certain to take room: a failed call too, once one was seen to.
local function certain_log(bucket, tier)
  if tier.failed_count_at and now - tier.failed_count_at < SHAPE_KEPT then return bucket.log end
  return sure_log(bucket)
end

local function conclude(tier, model)
  local probe = tier.probe
  if not probe or verdict_slot(model, probe.at) > now then return end
  tier.probe = nil
  tier.step = math.min(64, (tier.step or 1) * 2)
  if probe.kind == 'shape' then
    tier.shape, tier.shape_at, tier.step, tier.doubts = 'bucket', now, 1, nil
  else
    tier.proven = math.max(tier.proven or 0, probe.n)
    tier.proven_occupied = math.max(tier.proven_occupied or 0, probe.occupied or probe.n)
    if probe.kind == 'above' then
      tier.steps = (tier.steps or 0) + 1
      if tier.steps >= STEPS then
        tier.above, tier.above_at = (tier.above or 1) * 1.5, now
        tier.next_above, tier.steps, tier.step = now + MINUTE, 0, 1
      end
    end
  end
end

-- What a server named holds for a day, or until the operator writes another limit down: then it is
-- found out anew.
local function learn_limit(bucket, entry, name, limit, at)
  bucket[name], bucket[name .. '_at'], bucket[name .. '_for'] = limit, at or now, entry[name]
end

local function forget_limit(bucket, entry, name)
  local is_old = now - (bucket[name .. '_at'] or 0) > DAY
  if is_old or bucket[name .. '_for'] ~= entry[name] then bucket[name] = nil end
end

local function limits_of(entry, bucket, tier)
  if bucket.rpm or bucket.tpm or bucket.rpd then
    forget_limit(bucket, entry, 'rpm')
    forget_limit(bucket, entry, 'tpm')
    forget_limit(bucket, entry, 'rpd')
  end
  if tier.limit and now - tier.limit_at > DAY then tier.limit = nil end
  local rpm = bucket.rpm or tier.limit
  return {
    rpm = rpm or entry.rpm * (tier.above or 1),
    tpm = bucket.tpm or entry.tpm,
    rpd = bucket.rpd or entry.rpd,
    learnt = rpm ~= nil,
  }
end

-- Whether one more request is over a minute's limit, and how many requests that makes.
local function exceeds(log, limits, tokens, guard)
  local requests = in_window(log, 1, guard) + 1
  return requests > limits.rpm or in_window(log, 2, guard) + tokens > limits.tpm, requests
end

-- Which kind of probe a request would be, if it is one; whether it would go beyond a minute's limit if
-- failed calls took room; and whether it has to wait as in a window, because it would tell nothing.
--
-- A call over a limit tells something only if what fills the minute is sure to be in a window of the
-- server still, when the call arrives. Calls that failed may take room, so a level is proven twice:
-- with them and without.
local function probe_kind(tier, entry, limits, bucket, tokens)
  -- Guards: a call logged for a second was sent within it; the next one arrives within LONGEST_GUARD.
  local may_be_there, is_there, shape = 0, -1000 - LONGEST_GUARD, known_shape(tier)
  local log = certain_log(bucket, tier)
  local is_over, certain = exceeds(log, limits, tokens, may_be_there)
  if is_over then
    local tells = exceeds(log, limits, tokens, is_there)
    return not shape and tells and 'shape' or nil, false, not shape and not tells
  end
  local is_beyond, occupied = exceeds(bucket.log, limits, tokens, may_be_there)
  local beyond = is_beyond and shape ~= 'bucket'
  if beyond and not exceeds(bucket.log, limits, tokens, is_there) then return nil, false, true end
  local claimed = limits.learnt and limits.rpm or math.max(1, math.floor(entry.rpm * UNPROVEN_SHARE))
  local is_proven = certain <= math.max(claimed, tier.proven or 0)
    and (occupied <= math.max(claimed, tier.proven_occupied or 0) or shape == 'bucket')
  return not is_proven and 'ramp' or nil, beyond, false
end

local function may_probe_above(tier, bucket)
  return request.probing and not bucket.rpm and now >= (tier.next_above or 0)
end

-- When a probe may go: at once, or when the one under way has its verdict.
local function probe_slot(tier, model, kind, bucket_id)
  local probe = tier.probe
  if not probe then return now end
  if probe.kind == kind and probe.bucket == bucket_id and probe.left > 0 then return now end
  return verdict_slot(model, probe.at)
end

local function start_probe(tier, kind, bucket, bucket_id, beyond)
  local n, occupied = in_window(certain_log(bucket, tier), 1, 0), in_window(bucket.log, 1, 0)
  local probe = tier.probe
  if probe and probe.kind == kind and probe.bucket == bucket_id and probe.left > 0 then
    probe.left, probe.n, probe.occupied = probe.left - 1, math.max(probe.n, n), occupied
    probe.beyond = probe.beyond or beyond
    return
  end
  if tier.step_kind ~= kind then tier.step_kind, tier.step = kind, FIRST_STEP[kind] end
  local size = kind == 'shape' and 1 or (tier.step or 1)
  tier.probe = {
    kind = kind, bucket = bucket_id, n = n, occupied = occupied, left = size - 1, at = now, beyond = beyond,
  }
end
