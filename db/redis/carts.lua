-- Writes a cart if it has not changed since it was read, and renews its TTL.
-- KEYS: the cart. ARGV: the version that was read ('' for none), the new version, the cart as text,
-- its TTL in ms.
-- Returns 1, or 0 after a concurrent change.
local read = redis.pcall('HGET', KEYS[1], 'mark')
-- A key of another type counts as absent.
if type(read) == 'table' then redis.call('DEL', KEYS[1]) read = false end
if (read or '') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'mark', ARGV[2], 'cart', ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return 1
