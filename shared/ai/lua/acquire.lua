-- One decision: a lease on a key, to be used at once or at a stated moment, or when to come back.
local GRACE = 30000
local HORIZON = 300000

local function answer(fields)
  fields.now = now
  fields.version = redis.call('GET', VERSION) or nil
  return cjson.encode(fields)
end

reap()

-- A big pool is asked in parts: the part named by CONFIG first, and all of it if that is busy.
if request.upload then
  redis.call('SET', CONFIG, cmsgpack.pack(request.upload), 'EX', KEEP)
  redis.call('SET', FULL_CONFIG, cmsgpack.pack(request.upload_full), 'EX', KEEP)
end
local raw_config = redis.call('GET', CONFIG)
if not raw_config or redis.call('EXISTS', FULL_CONFIG) == 0 then
  return answer({ state = 'configure' })
end
local config = cmsgpack.unpack(raw_config)
if #config.keys == 0 then return answer({ state = 'no_keys' }) end

local function over_budget()
  if not request.budget or request.user == '' then return nil end
  local found = redis.call('HMGET', SPENT, request.user, request.user .. '|reserved')
  local spent = found[1]
  if not spent then
    if not request.budget_seed then return 'seed' end
    spent = request.budget_seed
    redis.call('HSET', SPENT, request.user, spent)
  end
  local reserved = math.max(0, tonumber(found[2] or 0))
  if tonumber(spent) + reserved + request.estimate > request.budget then return 'budget' end
  return nil
end

local refusal = over_budget()
if refusal then return answer({ state = refusal }) end

local model = load(MODELS, config.model)
local ids, aliases, buckets, keys = {}, {}, {}, {}

local function load_candidates()
  ids, aliases = {}, {}
  for i, entry in ipairs(config.buckets) do ids[i] = entry.id end
  for i, key in ipairs(config.keys) do aliases[i] = key.alias end
  buckets = redis.call('HMGET', BUCKETS, unpack(ids))
  keys = redis.call('HMGET', KEYS_BY_ALIAS, unpack(aliases))
  for i = 1, #ids do buckets[i] = unpacked(buckets[i]) end
  for i = 1, #aliases do keys[i] = unpacked(keys[i]) end
end

local function index_of(list, wanted)
  for i, value in ipairs(list) do
    if value == wanted then return i end
  end
end

-- A lease that waited is handed in for a new decision, in which it is the senior of its bucket.
local function hand_in(id)
  local raw = redis.call('HGET', LEASES, id)
  if not raw then return nil end
  local lease = cmsgpack.unpack(raw)
  if lease.sent or lease.model ~= config.model then return nil end
  local bucket = load(BUCKETS, lease.bucket)
  withdraw(lease, bucket, {}, model)
  save(BUCKETS, lease.bucket, bucket)
  forget(id)
  return lease
end

-- Whoever is back before its time waits on; whoever is back in time is the senior of its bucket.
local claimed, early = request.claim, nil
if not claimed and request.holder ~= '' and not request.hedge then
  for _ = 1, 20 do
    local kept = redis.call('ZRANGEBYSCORE', HOLDER, '-inf', now + request.wait, 'LIMIT', 0, 1)
    if not kept[1] then break end
    redis.call('ZREM', HOLDER, kept[1])
    if redis.call('HEXISTS', LEASES, kept[1]) == 1 then
      claimed = kept[1]
      break
    end
  end
end
if claimed then
  early = load(LEASES, claimed)
  if early.slot and not early.sent and early.slot > now + 5 and early.slot - now <= request.wait then
    return answer({ state = 'waiting', lease = claimed, wait = math.ceil(early.slot - now) })
  end
end
local lease = claimed and hand_in(claimed) or nil
if lease and lease.slot > now + 5 then lease = nil end

if request.lag then
  model.lag = math.max((model.lag or 0) * 0.98, math.min(request.lag, 3000))
end
if request.lane == 'chat' then model.chat_at = now end

load_candidates()
local best, blocked, guard = choose(config, buckets, keys, model, lease)
if FULL_CONFIG ~= CONFIG and (not best or best.slot > now) then
  config = cmsgpack.unpack(redis.call('GET', FULL_CONFIG))
  load_candidates()
  best, blocked, guard = choose(config, buckets, keys, model, lease)
end

local function finish(fields)
  keep_for_a_while(model)
  save(MODELS, config.model, model)
  return answer(fields)
end

if not best then
  if blocked == 'too_large' then return finish({ state = 'too_large' }) end
  return finish({ state = 'no_keys', reason = blocked })
end
if not request.hedge then probe_above(config, buckets, keys, model, best) end

local outage = outage_slot(model.breaker)
if outage > best.slot then best.slot, best.why = outage, 'outage' end

local b, k = best.bucket_index, best.key_index
local bucket, key, entry = buckets[b], keys[k], config.buckets[b]
local wait = math.ceil(best.slot - now)
local taken = {
  bucket = ids[b], alias = aliases[k], model = config.model, lane = request.lane,
  user = request.user, tokens = request.tokens, slot = best.slot,
}

if request.hedge and (wait > 0 or best.kind or not hedge_allowed(bucket, model, best.limits)) then
  return finish({ state = 'refused' })
end

if wait <= 0 then
  book_sent(bucket, best.limits, taken, guard, refill_guard(bucket, model, guard))
  key.inflight = (key.inflight or 0) + 1
  if not key.proven and not key.canary_at then key.canary_at = now end
  if best.kind then
    start_probe(tier_of(model, entry), best.kind, bucket, entry.id, best.beyond)
  end
  if bucket.disabled then bucket.disabled_until = now + HOUR end
  if key.refused and key.refused[config.model] then key.refused[config.model] = now + HOUR end
  breaker_probing(bucket.breaker, model.lag or 0)
  breaker_probing(model.breaker, model.lag or 0)
  model.sends = counted(model.sends)
  if request.hedge then model.hedges = counted(model.hedges) end
  taken.sent = now
  taken.reserved = request.budget and request.user ~= '' and request.estimate or 0
  if taken.reserved > 0 then
    taken.reserved_in = SPENT
    redis.call('HINCRBY', SPENT, request.user .. '|reserved', taken.reserved)
  end
  save(LEASES, request.lease, taken)
  redis.call('ZADD', EXPIRY, now + request.ttl, request.lease)
  save(KEYS_BY_ALIAS, aliases[k], key)
  save(BUCKETS, ids[b], bucket)
  return finish({
    state = 'granted', lease = request.lease, alias = aliases[k], project = entry.project,
    straggles_after = model.p95 and model.p95[request.lane] or nil,
  })
end

local too_long = wait > request.wait
if too_long and best.why ~= 'minute_quota' and best.why ~= 'token_quota' and best.why ~= 'proof' then
  local state = best.why == 'outage' and 'unavailable' or 'saturated'
  return finish({ state = state, wait = wait, ['until'] = best.slot, reason = best.why })
end
if wait > HORIZON then
  return finish({ state = 'saturated', wait = HORIZON, ['until'] = now + HORIZON, reason = best.why })
end

bucket.waiting = add(bucket.waiting or {}, request.lane, 1)
bucket.waiting_tokens = (bucket.waiting_tokens or 0) + request.tokens
if best.why == 'minute_quota' or best.why == 'token_quota' then
  taken.planned = true
  taken.yielded = (lease and lease.yielded or 0) + best.yielded
  bucket.planned = add(bucket.planned or {}, request.lane, 1)
  if lease and lease.planned then
    taken.late = true
    bucket.late = add(bucket.late or {}, request.lane, 1)
    model.late = add(model.late or {}, request.lane .. request.user, 1)
  end
end
model.users = add(model.users or {}, request.lane .. request.user, 1)
save(LEASES, request.lease, taken)
redis.call('ZADD', EXPIRY, best.slot + GRACE, request.lease)
save(BUCKETS, ids[b], bucket)
if too_long and request.holder ~= '' then
  redis.call('ZADD', HOLDER, best.slot, request.lease)
  redis.call('PEXPIRE', HOLDER, math.ceil(best.slot - now + 2 * GRACE))
end
return finish({
  state = too_long and 'saturated' or 'waiting', lease = request.lease, wait = wait,
  ['until'] = best.slot, reason = best.why, alias = aliases[k],
})
