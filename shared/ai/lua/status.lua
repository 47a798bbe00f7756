-- A picture of the pool for people: read only.
--
-- What is left of a minute is counted as decisions count it: a bucket that refills steadily has room
-- again long before its minute is over.
local function left(bucket, limits, shape)
  if shape ~= 'bucket' then
    return limits.rpm - in_window(bucket.log, 1, 0), limits.tpm - in_window(bucket.log, 2, 0)
  end
  local busy = math.max(0, (bucket.requests_at or 0) - now)
  local talking = math.max(0, (bucket.tokens_at or 0) - now)
  return limits.rpm - busy / rescaled(bucket, limits.rpm), limits.tpm * (1 - talking / MINUTE)
end

local picture = { now = now, buckets = {}, keys = {}, models = {}, stats = {} }
for _, config in ipairs(request.configs) do
  local model = load(MODELS, config.model)
  for _, entry in ipairs(config.buckets) do
    local bucket = load(BUCKETS, entry.id)
    local tier = tier_of(model, entry)
    local limits = limits_of(entry, bucket, tier)
    local slot, why = bucket_slot(entry, bucket, model, rules_for(model, 'generation', ''), 1, nil, guard_of(model))
    local requests_left, tokens_left = left(bucket, limits, known_shape(tier))
    local waiting = 0
    for _, there in pairs(bucket.waiting or {}) do waiting = waiting + there end
    picture.buckets[#picture.buckets + 1] = {
      id = entry.id, project = entry.project, model = config.model,
      configured_rpm = entry.rpm, configured_tpm = entry.tpm, configured_rpd = entry.rpd,
      rpm = limits.rpm, tpm = limits.tpm, rpd = limits.rpd,
      learnt_rpm = bucket.rpm or tier.limit, learnt_tpm = bucket.tpm, learnt_rpd = bucket.rpd,
      shape = known_shape(tier), requests_left = requests_left, tokens_left = tokens_left,
      used_today = used_today(bucket),
      inflight = bucket.inflight or 0, waiting = waiting, latency = bucket.latency,
      breaker = breaker_state(bucket.breaker), free_at = slot, blocked_by = why,
      disabled_until = slot == nil and bucket.disabled_until or nil,
    }
  end
  for _, candidate in ipairs(config.keys) do
    local key = load(KEYS_BY_ALIAS, candidate.alias)
    local refused = {}
    for refused_model, until_when in pairs(key.refused or {}) do
      if now < (tonumber(until_when) or 0) then refused[#refused + 1] = refused_model end
    end
    picture.keys[candidate.alias] = {
      proven_at = key.proven, dead_until = key.dead_until, dead_why = key.dead_why,
      inflight = key.inflight or 0, refused_models = refused,
    }
  end
  picture.models[config.model] = {
    breaker = breaker_state(model.breaker), lag = model.lag, guard = guard_of(model), p95 = model.p95,
  }
end
local stats = redis.call('HGETALL', STATS)
for i = 1, #stats, 2 do picture.stats[stats[i]] = tonumber(stats[i + 1]) end
return cjson.encode(picture)
