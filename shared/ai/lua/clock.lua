-- The server's time in milliseconds. Callers' clocks are never used.
local function server_milliseconds()
  local time = redis.call('TIME')
  return tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
end
