-- What came of a lease: gives it back and learns from the answer.
reap()
local raw = redis.call('HGET', LEASES, request.lease)
if not raw then return cjson.encode({ state = 'expired' }) end
local lease = cmsgpack.unpack(raw)
local bucket = load(BUCKETS, lease.bucket)
local key = load(KEYS_BY_ALIAS, lease.alias)
local model = load(MODELS, lease.model)
local entry = request.entry
local effect = request.effect

withdraw(lease, bucket, key, model)
forget(request.lease)
if lease.sent and effect == 'unused' then
  unbook(bucket, lease)
  if bucket.day_end == day_end() then bucket.used = math.max(0, bucket.used - 1) end
  free_budget(lease)
  lease.sent = nil
end
if lease.sent then
  bucket.heard_at = now
  settle_first(bucket, lease, request.lag)
end
if lease.sent and request.answered ~= false then
  model.answered_sent = math.max(model.answered_sent or 0, lease.sent)
  model.answered_at = now
  -- A refusal takes the server no time: what it took is how late calls arrive.
  if request.refusal or effect == 'kill_key' then request.lag = math.max(request.lag or 0, request.latency - 150) end
end

local function park(until_when, why)
  if until_when > (bucket.parked_until or 0) then
    bucket.parked_until, bucket.parked_why = until_when, why
  end
end

local function observe_latency()
  local usual = model.latency or {}
  local mean = usual[lease.lane] or request.latency
  usual[lease.lane] = mean + 0.1 * (request.latency - mean)
  model.latency = usual
  local relative = math.min(20, request.latency / math.max(1, mean))
  bucket.answers = math.min(5, (bucket.answers or 0) + 1)
  local weight = 1 / bucket.answers
  bucket.factor = (bucket.factor or 1) + weight * (relative - (bucket.factor or 1))
  bucket.latency = (bucket.latency or 0) + weight * (request.latency - (bucket.latency or 0))
end

-- The running 95th percentile, from a histogram that halves itself as it fills.
local function observe_straggling()
  -- Not a part of the model's state, which every decision reads.
  local field = lease.model .. '|bins|' .. lease.lane
  local bins = load(MODELS, field)
  local bin = math.max(1, math.min(40, math.floor(math.log(math.max(50, request.latency) / 50) / 0.1823) + 1))
  for i = 1, 40 do bins[i] = bins[i] or 0 end
  bins[bin] = bins[bin] + 1
  local sum = 0
  for i = 1, 40 do sum = sum + bins[i] end
  if sum > 200 then
    for i = 1, 40 do bins[i] = bins[i] / 2 end
    sum = sum / 2
  end
  save(MODELS, field, bins)
  if sum >= 20 then
    local below = 0
    for i = 1, 40 do
      below = below + bins[i]
      if below >= 0.95 * sum then
        model.p95 = model.p95 or {}
        model.p95[lease.lane] = 50 * math.exp(0.1823 * i)
        break
      end
    end
  end
  count(lease, 'bin|' .. bin)
end

local function give_tokens_back(actual)
  local difference = actual - lease.tokens
  if difference > 0 or lease.sent >= (bucket.tokens_since or now) then
    bucket.tokens_at = (bucket.tokens_at or now) + difference * MINUTE / (bucket.counted_tpm or entry.tpm)
  end
  added(bucket.log, math.floor(lease.sent / 1000), 0, difference)
end

if lease.sent then
  count(lease, 'requests')
  if effect == 'success' or effect == 'answered' then
    key.proven, key.dead_until, key.dead_why = now, nil, nil
    -- What was sent before the project was refused says nothing of it now.
    if lease.sent >= (bucket.disabled_until or 0) - HOUR then bucket.disabled = nil end
    if key.refused then key.refused[lease.model] = nil end
    bucket.breaker = breaker_success(bucket.breaker)
    model.breaker = breaker_success(model.breaker)
    bucket.bare = nil
    observe_latency()
    observe_straggling()
    give_tokens_back(request.prompt_tokens)
    count(lease, 'tokens', request.prompt_tokens + request.output_tokens)
    if effect == 'answered' then count(lease, 'error|' .. request.kind) end
  else
    count(lease, (request.refusal and '429|' or 'error|') .. request.kind)
    if effect == 'fail_model' then
      if request.answered then
        bucket.failed = logged(bucket.failed, lease.sent, lease.tokens, LONGEST_GUARD)
      end
      model.breaker = breaker_failure(model.breaker, OF_MODEL, lease.sent)
      -- Where the whole model is down, no project is to blame.
      if breaker_state(model.breaker) == 'closed' then
        bucket.breaker = breaker_failure(bucket.breaker, OF_PROJECT, lease.sent)
      end
    elseif effect == 'cool' then
      unbook(bucket, lease)
      local cool = request.cool or math.min(60000, 5000 * 2 ^ (bucket.bare or 0))
      cool = cool + request.jitter
      if request.dimension == 'tokens' then
        learn_tokens(model, entry, bucket, lease, request.limit, cool)
        park(now + cool, 'token_quota')
      else
        learn_requests(model, entry, bucket, lease, request.limit, cool)
        park(now + cool, 'minute_quota')
      end
    elseif effect == 'park_day' then
      if request.limit and request.limit > 0 then learn_limit(bucket, entry, 'rpd', request.limit) end
      park(refused_until(lease), 'day_quota')
    elseif effect == 'disable_bucket' then
      bucket.disabled, bucket.disabled_until = request.kind, now + HOUR
    elseif effect == 'park_project' then
      park(now + request.cool, request.kind)
    elseif effect == 'kill_key' then
      key.dead_until, key.dead_why, key.proven, key.canary_at = now + HOUR, request.kind, nil, nil
    elseif effect == 'refuse_pair' then
      key.refused = key.refused or {}
      key.refused[lease.model] = now + HOUR
    end
    -- An answer of any kind but a refused key means that the key itself is alive.
    if request.refusal or effect == 'neutral' and request.answered then key.proven = now end
  end
  if lease.user ~= '' then
    free_budget(lease)
    -- Where nobody asked for this user's budget yet, the ledger will tell this cost with the others.
    if request.cost > 0 and redis.call('HEXISTS', SPENT, lease.user) == 1 then
      redis.call('HINCRBY', SPENT, lease.user, request.cost)
    end
  end
end

if request.lag then
  model.lag = math.max((model.lag or 0) * 0.98, math.min(request.lag, 3000))
end
keep_for_a_while(model)
save(BUCKETS, lease.bucket, bucket)
save(KEYS_BY_ALIAS, lease.alias, key)
save(MODELS, lease.model, model)
if request.sibling_buckets then
  for _, id in ipairs(request.sibling_buckets) do
    local sibling = load(BUCKETS, id)
    if effect == 'park_project' and id ~= lease.bucket then
      sibling.parked_until = math.max(sibling.parked_until or 0, now + request.cool)
      sibling.parked_why = request.kind
    elseif effect == 'disable_project' then
      sibling.disabled, sibling.disabled_until = request.kind, now + HOUR
    end
    save(BUCKETS, id, sibling)
  end
end
return cjson.encode({ state = 'settled' })
